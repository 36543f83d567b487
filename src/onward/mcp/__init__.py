"""The MCP server: what an agent may ask of Onward and tell it, over standard input and output or over HTTP."""

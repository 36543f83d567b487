"""The MCP server: agents read and write a project's knowledge over standard input and output, or over HTTP."""

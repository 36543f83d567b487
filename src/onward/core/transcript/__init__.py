"""Sessions, turns and tool calls as every format is read into."""

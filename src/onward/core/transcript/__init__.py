"""Sessions, turns and tool calls in the form that every format is read into."""

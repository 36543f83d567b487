"""The command line: parse input, call a use case, present what it answers."""

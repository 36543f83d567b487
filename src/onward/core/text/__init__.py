"""Text: prose, paths, compression, printable characters."""

"""What a session spent: steps, rework, reuse, files."""

"""The effort of a session: steps, rework, reuse, files."""

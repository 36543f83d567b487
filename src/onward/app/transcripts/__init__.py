"""Transcripts: found, imported, followed as they grow."""

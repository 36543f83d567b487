"""Turns: read, identified, stored, cited."""

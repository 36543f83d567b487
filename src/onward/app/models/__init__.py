"""Calls to language models, and the keys they need."""

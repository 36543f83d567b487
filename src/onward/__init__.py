"""Onward turns the sessions of AI agents into one evolving handoff per project."""

"""Onward turns the sessions of AI coding agents into one handoff per project for the next session."""

from __future__ import annotations

__version__ = "0.1.0"

"""Onward turns the sessions of AI agents into one evolving handoff per project."""

from __future__ import annotations

__version__ = "0.1.0"

"""Durable background work: what takes longer than a request, as rows in `jobs` that a worker carries out step by step.

`start` runs a worker beside whatever else the process does; `run` is a worker and nothing else. Nothing outside imports what carries the work out.
"""

from __future__ import annotations

from onward.work.worker import Worker, start

__all__ = ["Worker", "start"]

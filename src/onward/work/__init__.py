"""Durable background work: jobs are rows of the table `jobs`, which workers process step by step.

`start` runs a worker inside another process. Importing this package does not import DBOS.
"""

from __future__ import annotations

from onward.work.worker import Worker, start

__all__ = ["Worker", "start"]

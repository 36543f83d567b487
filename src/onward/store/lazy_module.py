"""Modules that are imported when they are first used.

Importing SQLAlchemy and the tables takes several times as long as a command that only reads. Reading is SQL text (`statements.Query`);
what needs more is called through a lazy module.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["LazyModule", "sa"]


class LazyModule:
    """A placeholder for the module *name*, which is imported on the first access to one of its names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


if not TYPE_CHECKING:
    sa = LazyModule("sqlalchemy")

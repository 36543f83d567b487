"""Versions of what a person can edit: each writer says which version it has read, so that no edit overwrites unseen text."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Literal, TypeAlias

WordChoice: TypeAlias = Literal["add", "replace"]
"""What to do with existing text: add to it, or replace it."""

EDITABLE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Session": ("title", "accomplishments", "blockers", "credits_used"),
    "Project": ("name", "description", "status"),
    "Fact": ("text", "pinned", "state"),
    "KnowledgeEntry": ("text", "fix", "kind", "category"),
    "Template": ("name", "description", "objectives", "checklist"),
    "Account": (
        *("name", "provider", "plan", "models", "tags", "note", "credits_total", "credits_used", "resets_at", "period", "is_paused"),
        *("windows", "profile"),
    ),
}
"""What a person may change of each thing, by the name of its class."""


def edit_version(thing: object) -> str:
    """Return the version of a thing: a short digest of each field that a person may change, joined by hyphens."""
    return "-".join(_digest(getattr(thing, name)) for name in EDITABLE_FIELDS[type(thing).__name__])


def changed_fields(version: str, stored: object) -> frozenset[str]:
    """Return the fields of *stored* that changed since *version*; all of them if *version* is none of this kind of thing."""
    names, digests = EDITABLE_FIELDS[type(stored).__name__], version.split("-")
    if len(digests) != len(names):
        return frozenset(names)
    return frozenset(name for name, digest in zip(names, digests, strict=True) if digest != _digest(getattr(stored, name)))


def _digest(value: object) -> str:
    return blake2b(repr(value).encode("utf-8", "replace"), digest_size=4).hexdigest()

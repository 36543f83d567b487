"""Task lists that an agent changes entry by entry: a call that names only the changed entries gets the list that it leads to."""

from __future__ import annotations

from typing import Any

from onward.core.transcript.transcript import Turn


class TodoLists:
    """The task lists of one session, by sub-agent."""

    def __init__(self) -> None:
        self._lists: dict[str | None, dict[str, dict[str, Any]]] = {}

    def complete(self, turn: Turn) -> None:
        """Note the lists that the calls of *turn* set, and complete those that its calls change."""
        for call in turn.calls:
            arguments = call.arguments
            if isinstance(arguments, str) or not (entries := _entries(arguments.get("todos"))):
                continue
            is_change = arguments.get("merge") is True or any(not {"content", "title"} & entry.keys() for entry in entries.values())
            known_entries = self._lists.get(turn.sidechain, {}) if is_change else {}
            merged_entries = {**known_entries, **{key: {**known_entries.get(key, {}), **entry} for key, entry in entries.items()}}
            self._lists[turn.sidechain] = merged_entries
            if is_change:
                call.arguments = {**arguments, "todos": list(merged_entries.values())}


def _entries(todos: object) -> dict[str, dict[str, Any]]:
    """Return the entries of a list by their ids, without empty fields; empty if one has no id."""
    entries = todos if isinstance(todos, list) else []
    if not all(isinstance(entry, dict) and entry.get("id") for entry in entries):
        return {}
    return {str(entry["id"]): {key: value for key, value in entry.items() if value is not None} for entry in entries}

"""Making Onward at home in an agent's settings, and taking it out again.

What is there is merged, never overwritten: every other key, comment and hook stays as it stands. Nothing is written before everything is known to fit, each file is
copied aside first, and replaced as a whole. Taking out gives a file back to the byte as it was, if nobody changed it since; else only what is ours is taken out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

import orjson

from onward.agents import entries, jsonc, record, toml_server
from onward.agents.entries import Hook, Server, SettingsFile
from onward.agents.jsonc import Unfit
from onward.errors import Conflict, OnwardError
from onward.settings import Machine


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file: None before where it is made, None after where it is taken away. `is_first` where nothing of Onward's was in it."""

    path: Path
    before: str | None
    after: str | None
    is_first: bool = True

    def diff(self) -> str:
        """Return the change as people read changes."""
        old, new = ((text or "").splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(line if line.endswith("\n") else line + "\n" for line in unified_diff(old, new, str(self.path), str(self.path)))


def to_install(agent: str, machine: Machine) -> list[Change]:
    """Return what installing would change; nothing where all of it is there. Raises `Conflict` where a file does not let itself be merged."""
    return _changes(entries.files_of(agent, machine), _with_ours)


def to_uninstall(agent: str, machine: Machine, home: Path) -> list[Change]:
    """Return what taking out would change. Raises `Conflict`."""
    receipts = _receipts(home, agent)

    def taken_out(file: SettingsFile, text: str) -> str | None:
        receipt = receipts.get(str(_real(file.path)), {})
        kept = receipt.get("before")
        was_made = bool(receipt) and kept is None
        if receipt.get("after") == _digest(text):
            before = _text(Path(kept)) if kept else None
            if was_made or before is not None:
                return before
        after = _without_ours(file, text)
        return None if was_made and _is_bare(file, after) else after

    return _changes([file for file in entries.files_of(agent, machine) if file.path.exists()], taken_out)


def carry_out(agent: str, changes: Sequence[Change], home: Path, *, installs: bool) -> None:
    """Make the *changes*: each file is copied aside, then replaced whole. What was done is remembered, so that it can be undone to the byte."""
    receipts = {} if not installs else _receipts(home, agent)
    now = datetime.now(UTC)
    for change in changes:
        path = _real(change.path)
        kept = None
        if change.before is not None:
            kept = Path(record.folder(str(home))) / "backups" / f"{now:%Y%m%d-%H%M%S-%f}-{agent}-{path.name}"
            _write(kept, change.before, 0o600)
        if change.after is None:
            path.unlink(missing_ok=True)
            continue
        if installs and not change.is_first:
            receipts.pop(str(path), None)
        elif installs:
            receipts[str(path)] = {"before": str(kept) if kept else None, "after": _digest(change.after)}
        _write(path, change.after)
    receipt = _receipt(home, agent)
    if installs and changes:
        _write(receipt, orjson.dumps(receipts, option=orjson.OPT_INDENT_2).decode(), 0o600)
    elif not installs:
        receipt.unlink(missing_ok=True)


def is_installed(file: SettingsFile) -> bool | None:
    """Whether all that belongs in a file is there; None where nothing of it is. Raises `Conflict`."""
    text = _text(file.path)
    if text is None or _said(file, text, _without_ours) == text:
        return None
    return _said(file, text, _with_ours) == text


def _changes(files: Sequence[SettingsFile], change: Callable[[SettingsFile, str], str | None]) -> list[Change]:
    changes = []
    for file in files:
        before = _text(file.path)
        after = _said(file, before or "", change)
        if after != before:
            changes.append(Change(file.path, before, after, before is None or _said(file, before, _without_ours) == before))
    return changes


def _said(file: SettingsFile, text: str, change: Callable[[SettingsFile, str], str | None]) -> str | None:
    try:
        return change(file, text)
    except Unfit as error:
        raise Conflict(f"{file.path} cannot be merged: {error}.", "Mend that, and run this again. Nothing was changed.") from error


def _with_ours(file: SettingsFile, text: str) -> str:
    if file.path.suffix == ".toml":
        return _with_table(file.server, text) if file.server else text
    before = jsonc.parse(text)
    if not isinstance(before.value, dict):
        raise Unfit("it holds no object")
    after = text
    if file.version is not None and before.at("version") is None:
        after = jsonc.with_member(after, ("version",), file.version)
    for hook in file.hooks:
        after = _with_hook(after, hook)
    if file.server:
        after = _with_member(after, file.server)
    if _others(file, jsonc.parse(after).value) != _others(file, before.value):
        raise Unfit("it has a form that only a person can add to")
    return after


def _with_hook(text: str, hook: Hook) -> str:
    node = jsonc.parse(text).at(*hook.path)
    items = node.value if node else []
    if not isinstance(items, list):
        raise Unfit(f"`{'.'.join(hook.path)}` is no list")
    ours = [item for item in items if entries.is_our_hook(item)]
    return text if ours == [hook.value] else jsonc.with_item(_without_hook(text, hook), hook.path, hook.value)


def _with_member(text: str, server: Server) -> str:
    node = jsonc.parse(text).at(*server.path)
    if node is None:
        return jsonc.with_member(text, server.path, server.value)
    if node.value == server.value:
        return text
    _not_foreign(server, node.value)
    return jsonc.with_member(jsonc.without(text, server.path), server.path, server.value)


def _with_table(server: Server, text: str) -> str:
    value = toml_server.server_in(text, server.path)
    if value == server.value:
        return text
    if value is not None:
        _not_foreign(server, value)
        text = toml_server.without_server(text, server.path)
    return toml_server.with_server(text, server.path, server.value)


def _not_foreign(server: Server, value: object) -> None:
    if not entries.is_our_server(value):
        raise Unfit(f"another server is called {server.path[-1]!r} there: give it another name")


def _without_ours(file: SettingsFile, text: str) -> str:
    """Return *text* without anything of Onward's."""
    if file.path.suffix == ".toml":
        is_there = file.server and entries.is_our_server(toml_server.server_in(text, file.server.path))
        return toml_server.without_server(text, file.server.path) if file.server and is_there else text
    for hook in file.hooks:
        text = _without_hook(text, hook)
    node = jsonc.parse(text).at(*file.server.path) if file.server else None
    return jsonc.without(text, file.server.path) if file.server and node and entries.is_our_server(node.value) else text


def _without_hook(text: str, hook: Hook) -> str:
    node = jsonc.parse(text).at(*hook.path)
    items = node.value if node and isinstance(node.value, list) else []
    for at in reversed(range(len(items))):
        if entries.is_our_hook(items[at]):
            text = jsonc.without(text, (*hook.path, at))
    return text


def _others(file: SettingsFile, value: dict[str, object]) -> object:
    """Return what a file says without Onward, and without what is empty: that must not change."""
    without = jsonc.parse(_without_ours(file, orjson.dumps(value).decode())).value
    return {key: one for key, one in without.items() if key != "version" and one not in ({}, [])}


def _is_bare(file: SettingsFile, text: str) -> bool:
    return not text.strip() if file.path.suffix == ".toml" else not _others(file, jsonc.parse(text).value)


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise Conflict(f"{path} is not UTF-8.", "Save it as UTF-8, and run this again. Nothing was changed.") from error
    except OSError as error:
        raise Conflict(f"{path} cannot be read: {error.strerror}.", "Check that it is a file that you may read.") from error


def _write(path: Path, text: str, mode: int | None = None) -> None:
    """Put a file in its place, whole, with the rights that it had."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if mode is None:
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        new.touch(mode)
        new.write_bytes(text.encode())
        new.chmod(mode)
        new.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise OnwardError(f"{path} cannot be written: {error.strerror}.", "Check that you may write there, and run this again.") from error


def _real(path: Path) -> Path:
    """Return the file itself: settings are often links into a folder that is kept elsewhere, and a link must stay one."""
    return Path(os.path.realpath(path))


def _receipt(home: Path, agent: str) -> Path:
    return Path(record.folder(str(home))) / f"installed-{agent}.json"


def _receipts(home: Path, agent: str) -> dict[str, dict[str, str | None]]:
    try:
        found = orjson.loads(_receipt(home, agent).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()

"""Installing Onward in an agent's settings, and uninstalling it.

Settings are merged, never overwritten: other keys, comments and hooks stay as they are. Nothing is written before all changes are known to
be possible; each file is backed up and then replaced as a whole. Uninstalling restores a file byte for byte if nobody changed it since;
otherwise only Onward's entries are removed.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

import orjson

from onward.agents import hook_log, jsonc, plugin_file, settings_entries, toml_server
from onward.agents.jsonc import MergeError
from onward.agents.settings_entries import HookSetting, McpServerSetting, SettingsFile, StatusLineSetting
from onward.errors import Conflict, OnwardError
from onward.message import Message
from onward.private_files import create_folder
from onward.settings import Machine


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The change of one file. `before` is None for a new file, `after` for a deleted one. `is_first` means that the file had no entries of
    Onward.
    """

    path: Path
    before: str | None
    after: str | None
    is_first: bool = True

    def diff(self) -> str:
        """Return the change as a unified diff."""
        old, new = ((text or "").splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(line if line.endswith("\n") else line + "\n" for line in unified_diff(old, new, str(self.path), str(self.path)))


def plan_install(agent: str, machine: Machine, *, with_status_line: bool = False) -> list[SettingsChange]:
    """Return the changes that installing makes; none if everything is installed. Raises `Conflict` if a file cannot be merged."""
    return _plan_changes(settings_entries.settings_files(agent, machine, with_status_line=with_status_line), _add_onward)


def has_own_status_line(agent: str, machine: Machine) -> bool | None:
    """Return whether *agent* shows a status line that a person chose; None where it has none, or Onward's is shown."""
    for file in settings_entries.settings_files(agent, machine):
        if file.status_line:
            node = jsonc.parse(_read_text(file.path) or "").find(*file.status_line.path)
            is_ours = node is not None and settings_entries.is_our_status_line(node.value)
            return None if is_ours else node is not None
    return None


def plan_uninstall(agent: str, machine: Machine, home: Path) -> list[SettingsChange]:
    """Return the changes that uninstalling makes. Raises `Conflict`."""
    receipts = _read_receipts(home, agent)

    def restore_or_remove(file: SettingsFile, text: str) -> str | None:
        if file.plugin is not None:
            return None if plugin_file.is_our_plugin(text) else text
        text = _remove_approvals(file, text)
        receipt = receipts.get(str(_resolve_path(file.path)), {})
        backup = receipt.get("before")
        was_created = bool(receipt) and backup is None
        if receipt.get("after") == _digest(text):
            before = _read_text(Path(backup)) if backup else None
            if was_created or before is not None:
                return before
        after = _remove_onward(file, text)
        return None if was_created and _is_empty(file, after) else after

    return _plan_changes([file for file in settings_entries.settings_files(agent, machine) if file.path.exists()], restore_or_remove)


def apply_changes(agent: str, changes: Sequence[SettingsChange], home: Path, *, is_install: bool) -> None:
    """Apply *changes*: each file is backed up and then replaced as a whole. A receipt is stored, so that the changes can be undone byte for
    byte.
    """
    receipts = _read_receipts(home, agent)
    now = datetime.now(UTC)
    for change in changes:
        path = _resolve_path(change.path)
        backup = None
        if change.before is not None:
            backup = Path(hook_log.folder(str(home))) / "backups" / f"{now:%Y%m%d-%H%M%S-%f}-{agent}-{path.name}"
            _write(backup, change.before, 0o600)
        if change.after is None:
            path.unlink(missing_ok=True)
            continue
        if is_install:
            _update_receipt(receipts, path, change, backup)
        _write(path, change.after)
    receipt = _receipt_path(home, agent)
    if is_install and changes:
        _write(receipt, orjson.dumps(receipts, option=orjson.OPT_INDENT_2).decode(), 0o600)
    elif not is_install:
        created_folders = {folder for entry in receipts.values() for folder in (entry.get("folders") or "").splitlines()}
        for folder in sorted(created_folders, key=len, reverse=True):
            # The agent may use it now.
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
        receipt.unlink(missing_ok=True)


def is_installed(file: SettingsFile) -> bool | None:
    """Return whether all of Onward's entries are in a file; None if there are none. Raises `Conflict`."""
    text = _read_text(file.path)
    if text is None or _apply_edit(file, text, _remove_onward) == text:
        return None
    return _apply_edit(file, text, _add_onward) == text


def _plan_changes(files: Sequence[SettingsFile], edit: Callable[[SettingsFile, str], str | None]) -> list[SettingsChange]:
    changes = []
    for file in files:
        before = _read_text(file.path)
        after = _apply_edit(file, before or "", edit)
        if after != before:
            changes.append(SettingsChange(file.path, before, after, before is None or _apply_edit(file, before, _remove_onward) == before))
    return changes


def _apply_edit(file: SettingsFile, text: str, edit: Callable[[SettingsFile, str], str | None]) -> str | None:
    try:
        return edit(file, text)
    except MergeError as error:
        raise Conflict(
            Message("{path} cannot be changed: {problem}.", path=file.path, problem=error.problem),
            "Fix that, and run this again. Nothing was changed.",
        ) from error


def _add_onward(file: SettingsFile, text: str) -> str:
    if file.plugin is not None:
        if text and not plugin_file.is_our_plugin(text):
            if file.is_optional:
                return text
            raise MergeError(Message("it is a plugin of another program"))
        return file.plugin
    if file.path.suffix == ".toml":
        return _add_toml_server(file.server, text) if file.server else text
    before = jsonc.parse(text)
    if not isinstance(before.value, dict):
        raise MergeError(Message("it contains no object"))
    after = text
    if file.version is not None and before.find("version") is None:
        after = jsonc.add_member(after, ("version",), file.version)
    after = _remove_hooks(after, except_paths=[hook.path for hook in file.hooks])
    for hook in file.hooks:
        after = _add_hook(after, hook)
    if file.server:
        after = _add_server(after, file.server)
    if file.status_line:
        after = _add_status_line(after, file.status_line)
    if _other_settings(file, jsonc.parse(after).value) != _other_settings(file, before.value):
        raise MergeError(Message("its form does not allow an automatic change"))
    return after


def _add_hook(text: str, hook: HookSetting) -> str:
    node = jsonc.parse(text).find(*hook.path)
    items = node.value if node else []
    if not isinstance(items, list):
        raise MergeError(Message("`{path}` is not a list", path=".".join(hook.path)))
    onward_hooks = [item for item in items if settings_entries.is_our_hook(item)]
    return text if onward_hooks == [hook.value] else jsonc.add_item(_remove_hook(text, hook.path), hook.path, hook.value)


def _add_status_line(text: str, line: StatusLineSetting) -> str:
    node = jsonc.parse(text).find(*line.path)
    if node is None:
        return jsonc.add_member(text, line.path, line.value) if line.is_wanted else text
    if node.value == line.value or not settings_entries.is_our_status_line(node.value):
        return text
    return jsonc.add_member(jsonc.remove_value(text, line.path), line.path, line.value)


def _add_server(text: str, server: McpServerSetting) -> str:
    node = jsonc.parse(text).find(*server.path)
    if node is None:
        return jsonc.add_member(text, server.path, server.value)
    if node.value == server.value:
        return text
    _refuse_foreign(server, node.value)
    return jsonc.add_member(jsonc.remove_value(text, server.path), server.path, server.value)


def _add_toml_server(server: McpServerSetting, text: str) -> str:
    value = toml_server.read_server(text, server.path)
    if value == server.value:
        return text
    if value is not None:
        _refuse_foreign(server, value)
        text = toml_server.remove_server(text, server.path)
    return toml_server.add_server(text, server.path, server.value)


def _refuse_foreign(server: McpServerSetting, value: object) -> None:
    if not settings_entries.is_our_server(value):
        raise MergeError(Message("another server is named {name!r}: rename it", name=server.path[-1]))


def _remove_onward(file: SettingsFile, text: str) -> str:
    """Return *text* without Onward's entries."""
    if file.plugin is not None:
        return "" if plugin_file.is_our_plugin(text) else text
    if file.path.suffix == ".toml":
        has_server = file.server and settings_entries.is_our_server(toml_server.read_server(text, file.server.path))
        return toml_server.remove_server(text, file.server.path) if file.server and has_server else text
    text = _remove_hooks(text) if file.hooks else text
    if file.status_line and (node := jsonc.parse(text).find(*file.status_line.path)):
        text = jsonc.remove_value(text, file.status_line.path) if settings_entries.is_our_status_line(node.value) else text
    node = jsonc.parse(text).find(*file.server.path) if file.server else None
    return jsonc.remove_value(text, file.server.path) if file.server and node and settings_entries.is_our_server(node.value) else text


def _remove_approvals(file: SettingsFile, text: str) -> str:
    """Return *text* without the agent's record that a person approved Onward's hooks."""
    if file.approvals_of is None:
        return text
    hooks = jsonc.parse(_read_text(file.approvals_of) or "").find(settings_entries.HOOKS_KEY)
    keys = {
        f"{file.approvals_of}:{approval_name(event)}:{index}:"
        for event, items in (hooks.value if hooks and isinstance(hooks.value, dict) else {}).items()
        for index, item in enumerate(items if isinstance(items, list) else [])
        if settings_entries.is_our_hook(item)
    }
    return toml_server.remove_approvals(text, lambda key: key.startswith(tuple(keys)))


def approval_name(event: str) -> str:
    """Return the name of an event as Codex writes it in approvals: `SessionEnd` is `session_end`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()


def _remove_hooks(text: str, except_paths: Sequence[tuple[str, ...]] = ()) -> str:
    """Return *text* without Onward's hooks in any event, also those of an earlier version; the lists at *except_paths* stay."""
    node = jsonc.parse(text).find(settings_entries.HOOKS_KEY)
    for event in list(node.value) if node and isinstance(node.value, dict) else []:
        path = (settings_entries.HOOKS_KEY, event)
        text = text if path in except_paths else _remove_hook(text, path)
    return text


def _remove_hook(text: str, path: tuple[str, ...]) -> str:
    node = jsonc.parse(text).find(*path)
    items = node.value if node and isinstance(node.value, list) else []
    for index in reversed(range(len(items))):
        if settings_entries.is_our_hook(items[index]):
            text = jsonc.remove_value(text, (*path, index))
    return text


def _other_settings(file: SettingsFile, value: dict[str, object]) -> object:
    """Return the settings without Onward's entries and without empty values: a merge must not change them."""
    remaining = jsonc.parse(_remove_onward(file, orjson.dumps(value).decode())).value
    return {key: member for key, member in remaining.items() if key != "version" and member not in ({}, [])}


def _is_empty(file: SettingsFile, text: str) -> bool:
    return not text.strip() if file.path.suffix == ".toml" else not _other_settings(file, jsonc.parse(text).value)


def _read_text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise Conflict(Message("{path} is not UTF-8.", path=path), "Save it as UTF-8, and run this again. Nothing was changed.") from error
    except OSError as error:
        raise Conflict(
            Message("{path} cannot be read: {problem}.", path=path, problem=error.strerror),
            "Check that the file exists and that you may read it.",
        ) from error


def _write(path: Path, text: str, mode: int | None = None) -> None:
    """Replace a file as a whole and keep its permissions."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        create_folder(path.parent)
        if mode is None:
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        temporary.touch(mode)
        temporary.write_bytes(text.encode())
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OnwardError(
            Message("{path} cannot be written: {problem}.", path=path, problem=error.strerror),
            "Check the permissions of its folder, and run this again.",
        ) from error


def _resolve_path(path: Path) -> Path:
    """Return the target of a symbolic link: settings are often links into another folder, and must stay links."""
    return Path(os.path.realpath(path))


def _receipt_path(home: Path, agent: str) -> Path:
    return Path(hook_log.folder(str(home))) / f"installed-{agent}.json"


def _read_receipts(home: Path, agent: str) -> dict[str, dict[str, str | None]]:
    try:
        content = orjson.loads(_receipt_path(home, agent).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def _update_receipt(receipts: dict[str, dict[str, str | None]], path: Path, change: SettingsChange, backup: Path | None) -> None:
    """Store what restores the file at *path*: the copy of the first installation, as long as nobody else changed the file."""
    assert change.after is not None
    if change.is_first:
        folders = "\n".join(str(folder) for folder in path.parents if not folder.exists())
        receipts[str(path)] = {"before": str(backup) if backup else None, "after": _digest(change.after), "folders": folders}
    elif (receipt := receipts.get(str(path))) and receipt.get("after") == _digest(change.before or ""):
        receipt["after"] = _digest(change.after)
    else:
        receipts.pop(str(path), None)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()

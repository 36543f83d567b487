"""Repairing a damaged store: what one wrong bit changed is restored, what can be derived again is, and the rest is named.

A copy of the store is made first; of a PostgreSQL store, a copy of the damaged rows. Every step is a transaction of its own that leaves a
row either mended or damaged as before, so that a repair that was interrupted can run again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Table
from zstandard import ZstdError

from onward.app.accounts import usage
from onward.app.admin import backups
from onward.app.admin.doctor import Finding
from onward.app.admin.ledger_rebuild import recompose_handoff, refold
from onward.app.sessions.rederivation import rederive
from onward.app.transcripts.turn_recovery import recover_turns
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import OnwardError, StoreDamaged
from onward.message import Message
from onward.private_files import create_file, create_folder
from onward.settings import Settings
from onward.store import Store, bit_repair, health, projects, schema, sessions, sqlite_backup, turns
from onward.store.checksums import CheckedTable, RowKey
from onward.store.engine import FILE_NAME
from onward.store.salvage import copy_rows, salvage

DERIVED_TABLES = (schema.session_measures, schema.touched_files, schema.met_errors, schema.knowledge_sources)
"""Derived from the turns and facts of each completed session."""

_UNREADABLE = (ZstdError, ValueError, TypeError, KeyError, AttributeError, IndexError)
"""What a damaged row raises when it is parsed."""


@dataclass(frozen=True, slots=True)
class RepairResult:
    """A repair: the copy of what was damaged, and what was done, with what could not be mended last. An intact store has neither."""

    backup_path: Path | None
    findings: list[Finding]


def repair_store(settings: Settings, open_store: Callable[[Settings], Store]) -> RepairResult:
    """Repair the store; an intact one is neither copied nor changed. The structure of a PostgreSQL database is left to its own tools."""
    if settings.database_url:
        with open_store(settings) as store:
            if _is_intact(store):
                return RepairResult(None, [])
            return RepairResult(_copy_damaged_rows(settings, store), _mend_content(store))
    source = backups.configured_file(settings)
    with suppress(OnwardError), open_store(settings) as store:
        if _is_intact(store):
            return RepairResult(None, [])
    backup_path = backups.copy_as_is(source, "mend")
    findings = [*_mend_structure(settings, source, open_store)]
    with open_store(settings) as store:
        return RepairResult(backup_path, findings + _mend_content(store))


def _is_intact(store: Store) -> bool:
    with store.read() as connection:
        if health.find_damage(connection) or not all(checked.is_sound for checked in health.check_tables(connection)):
            return False
    with store.write() as connection:
        return not health.is_index_damaged(connection) and not health.count_unindexed(connection)


def _copy_damaged_rows(settings: Settings, store: Store) -> Path:
    """Write the damaged rows as they are to a file in the data folder, a line of JSON each, and return it."""
    create_folder(settings.home)
    path = settings.home / f"damaged-rows.before-mend-{_timestamp()}.jsonl"
    create_file(path)
    with path.open("ab") as file, store.read() as connection:
        for checked in _damaged_tables(store):
            file.writelines(copy_rows(connection, checked.table, checked.damaged))
    return path


def _mend_content(store: Store) -> list[Finding]:
    """Mend the rows and the search index."""
    damaged_tables = _damaged_tables(store)
    findings = [*_mend_rows(store, damaged_tables)]
    findings += _mend_index(store, is_suspect=bool(damaged_tables))
    # Every check reads the whole store.
    findings += _name_losses(store) if damaged_tables else []
    return findings


def _mend_structure(settings: Settings, source: Path, open_store: Callable[[Settings], Store]) -> Iterator[Finding]:
    """Rebuild the indexes of the database; if that does not help, bring what can be read to a new database."""
    with suppress(OnwardError), open_store(settings) as store:
        with store.read() as connection:
            is_damaged = bool(health.find_damage(connection)) or any(table.is_unreadable for table in health.check_tables(connection))
        if not is_damaged:
            return
        with suppress(OnwardError):
            with store.write() as connection:
                health.rebuild_lookups(connection)
            with store.read() as connection:
                is_damaged = bool(health.find_damage(connection)) or any(table.is_unreadable for table in health.check_tables(connection))
            if not is_damaged:
                yield Finding("integrity", "ok", "the database's own indexes were rebuilt")
                return
    set_aside = source.with_name(f"{source.name}.set-aside-{_timestamp()}.jsonl")
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        with Store.at_folder(Path(folder)) as new_store:
            tables = salvage(source, new_store, set_aside)
        if not any(table.rows for table in tables):
            set_aside.unlink()
            raise StoreDamaged(Message("Nothing in {path} can be read.", path=source), "Restore a backup: onward restore FILE --force")
        sqlite_backup.make_standalone(Path(folder) / FILE_NAME)
        sqlite_backup.replace(Path(folder) / FILE_NAME, source)
    if not set_aside.stat().st_size:
        set_aside.unlink()
    count = sum(table.rows for table in tables)
    yield Finding("integrity", "ok", Message("the database was damaged: {count} rows that can be read are in a new one", count=count))
    for table in tables:
        if table.has_gaps:
            message = Message("some rows can no longer be read and are lost; {count} remain", count=table.rows)
            yield Finding(_label(table.name), "problem", message, "If you have a backup, restore it: onward restore FILE --force")
        if table.set_aside:
            message = Message("{count} rows belong to what is lost; they are in {path}", count=table.set_aside, path=set_aside)
            yield Finding(_label(table.name), "warning", message)


def _mend_rows(store: Store, damaged_tables: Sequence[CheckedTable]) -> Iterator[Finding]:
    are_left = False
    for checked in damaged_tables:
        with store.write() as connection:
            count = sum(bit_repair.repair_row(connection, checked.table, key) for key in checked.damaged)
        are_left |= count < len(checked.damaged)
        if count:
            yield Finding(_label(checked.table.name), "ok", Message("{count} rows were restored exactly, by their checksums", count=count))
    if are_left:
        yield from _derive_rows(store)


def _derive_rows(store: Store) -> Iterator[Finding]:
    yield from _mend_turns(store)
    yield from _mend_ledgers(store)
    yield from _mend_derived(store)
    yield from _mend_usage(store)
    yield from _mend_handoffs(store)


def _mend_turns(store: Store) -> Iterator[Finding]:
    """Read damaged turns again from their transcripts, where these still exist."""
    ordinals: dict[int, set[int]] = {}
    for (key,) in _damaged_keys(store, schema.turns):
        session_id, ordinal = turns.split_id(int(key))
        ordinals.setdefault(session_id, set()).add(ordinal)
    count = sum(recover_turns(store, session_id, session_ordinals) for session_id, session_ordinals in ordinals.items())
    if count:
        yield Finding(_label("turns"), "ok", Message("{count} turns were read again from their transcripts", count=count))


def _mend_ledgers(store: Store) -> Iterator[Finding]:
    """Fold the ledgers again whose facts or contributions are damaged. A session with a damaged turn contributes what it has."""
    damaged_turns = {turns.split_id(int(key))[0] for (key,) in _damaged_keys(store, schema.turns)}
    session_ids = {int(key[0]) for key in _damaged_keys(store, schema.distilled)}
    project_ids = {int(key[0]) for table in (schema.facts, schema.ledgers) for key in _damaged_keys(store, table)}
    project_ids |= {session.project_id for session in _find_sessions(store, session_ids)}
    for project in _find_projects(store, project_ids):
        with suppress(*_UNREADABLE, OnwardError):
            # Facts of a turn that is lost are only in the contribution of its session.
            if refold(store, project, session_ids - damaged_turns):
                yield Finding(_label("facts"), "ok", Message("the ledger of {project} was rebuilt from its sessions", project=project.name))


def _mend_derived(store: Store) -> Iterator[Finding]:
    session_ids = {
        int(key[1 if table is schema.knowledge_sources else 0]) for table in DERIVED_TABLES for key in _damaged_keys(store, table)
    }
    for project in _find_projects(store, {session.project_id for session in _find_sessions(store, session_ids)}):
        with suppress(*_UNREADABLE, OnwardError):
            rederive(store, project)
            yield Finding("derived data", "ok", Message("measures, files and errors of {project} were recomputed", project=project.name))


def _mend_usage(store: Store) -> Iterator[Finding]:
    session_ids = {int(key[0]) for key in _damaged_keys(store, schema.counted_sessions)}
    with store.read() as connection:
        session_ids |= health.find_usage_sessions(connection, [int(key[0]) for key in _damaged_keys(store, schema.usage)])
    for session in _find_sessions(store, session_ids):
        usage.recount(store, session.id)
    if session_ids:
        yield Finding(_label("usage"), "ok", Message("the usage of {count} sessions was counted again", count=len(session_ids)))


def _mend_handoffs(store: Store) -> Iterator[Finding]:
    count = 0
    for (key,) in _damaged_keys(store, schema.handoffs):
        with suppress(*_UNREADABLE, OnwardError):
            count += recompose_handoff(store, int(key))
    if count:
        yield Finding(
            _label("handoffs"), "ok", Message("{count} handoffs were composed again from the facts of their sessions", count=count)
        )


def _mend_index(store: Store, *, is_suspect: bool) -> Iterator[Finding]:
    """Rebuild the search index if it disagrees with itself, and where other damage makes it suspect: it has no checksums."""
    with store.write() as connection:
        if is_suspect or health.is_index_damaged(connection) or health.count_unindexed(connection):
            count = turns.reindex(connection)
            yield Finding("search index", "ok", Message("it was rebuilt from {count} turns", count=count))


def _name_losses(store: Store) -> Iterator[Finding]:
    """Name what is still damaged."""
    for checked in _damaged_tables(store):
        keys = ", ".join("/".join(map(str, key)) for key in checked.damaged[:5])
        message = Message("{count} rows could not be mended and stay as they are: {keys}", count=len(checked.damaged), keys=keys)
        yield Finding(_label(checked.table.name), "problem", message, "If you have a backup, restore it: onward restore FILE --force")


def _damaged_tables(store: Store) -> list[CheckedTable]:
    with store.read() as connection:
        return [checked for checked in health.check_tables(connection) if checked.damaged]


def _damaged_keys(store: Store, table: Table) -> list[RowKey]:
    with store.read() as connection:
        return health.check_table(connection, table).damaged


def _find_sessions(store: Store, ids: Collection[int]) -> list[Session]:
    with store.read() as connection:
        return [session for session_id in sorted(ids) if (session := sessions.find(connection, session_id))]


def _find_projects(store: Store, ids: Collection[int]) -> list[Project]:
    with store.read() as connection:
        return [project for project_id in sorted(ids) if (project := projects.find(connection, project_id))]


def _label(table: str) -> Message:
    return Message("stored {table}", table=table.replace("_", " "))


def _timestamp() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"

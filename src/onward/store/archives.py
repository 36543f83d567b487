"""A project's rows as plain documents: exported from one store, imported into another.

Ids that are valid in one store only are left out or replaced: a session by its number, a handoff by its version. The rest follows from
the tables: times are ISO 8601, digests are hex, JSON columns and packed bodies are JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DefaultClause,
    Float,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    insert,
    select,
)
from zstandard import ZstdCompressor

from onward.core.facts import fact as core_facts
from onward.core.handoff import document as core_handoff
from onward.core.handoff.writer_report import WriterReport
from onward.core.preservation.reference import Reference
from onward.core.preservation.scores import Preservation
from onward.core.session import ChecklistItem
from onward.core.transcript.transcript import ImportReport, Turn
from onward.store import schema, turns
from onward.store.clock import to_datetime_or_none, to_micros
from onward.store.turn_bodies import TurnCodec, readable_body
from onward.store.turns import NewTurn

ArchiveDocument = Mapping[str, Any]


class ArchiveSection(NamedTuple):
    """The rows of one table, ordered by columns that identify them in every store."""

    name: str
    table: Table
    order: tuple[Column[Any], ...]


SECTIONS = (
    ArchiveSection("sessions", schema.sessions, (schema.sessions.c.number,)),
    ArchiveSection("turns", schema.turns, (schema.turns.c.session_id, schema.turns.c.ordinal)),
    ArchiveSection("bookmarks", schema.bookmarks, (schema.bookmarks.c.session_id, schema.bookmarks.c.turn)),
    ArchiveSection("contributions", schema.distilled, (schema.distilled.c.session_id,)),
    ArchiveSection("facts", schema.facts, (schema.facts.c.id,)),
    ArchiveSection("edits", schema.fact_edits, (schema.fact_edits.c.id,)),
    ArchiveSection("handoffs", schema.handoffs, (schema.handoffs.c.version,)),
    ArchiveSection("loaded_handoffs", schema.loaded_handoffs, (schema.loaded_handoffs.c.session_id,)),
    ArchiveSection("drafts", schema.drafts, (schema.drafts.c.id,)),
    ArchiveSection("imports", schema.imports, (schema.imports.c.path,)),
    ArchiveSection("places", schema.places, (schema.places.c.id,)),
)
"""Everything that belongs to a project. A section comes after the sections that its rows refer to."""

LOCAL_COLUMNS = {"sessions": "id", "turns": "id", "handoffs": "id", "fact_edits": "id", "drafts": "id", "imports": "id", "places": "id"}
"""Columns that are valid in one store only, in addition to `project_id`."""

_FIELD_NAMES = {"session_id": "session", "handoff_id": "handoff"}
_MAX_ROWS = 500
_INTEGER_LIMITS = {Integer: 2**31, BigInteger: 2**63}
_ROLES = ("user", "assistant", "tool", "system")
_STATUSES = ("in_progress", "completed", "abandoned")


class ProjectExporter:
    """Reads a project's rows in one snapshot of the store."""

    def __init__(self, connection: Connection, project_id: int) -> None:
        self._connection = connection
        self._project_id = project_id
        sessions, handoffs = schema.sessions, schema.handoffs
        self.session_ids = dict(_id_pairs(connection, sessions.c.number, sessions.c.id, sessions.c.project_id == project_id))
        self._names = {
            "session_id": {id: number for number, id in self.session_ids.items()},
            "handoff_id": dict(_id_pairs(connection, handoffs.c.id, handoffs.c.version, handoffs.c.project_id == project_id)),
        }

    def project(self) -> dict[str, Any]:
        """Return the project's row and its ledger without the facts; the secret key is in hex."""
        project = self._connection.execute(select(schema.projects).where(schema.projects.c.id == self._project_id)).one()
        ledger = self._connection.execute(select(schema.ledgers).where(schema.ledgers.c.project_id == self._project_id)).one()
        return {**self._document(schema.projects, project, ("id",)), "ledger": self._document(schema.ledgers, ledger, ("project_id",))}

    def rows(self, section: ArchiveSection) -> Iterator[dict[str, Any]]:
        """Yield the rows of *section* as documents, in order, a batch at a time."""
        local_columns = (LOCAL_COLUMNS.get(section.table.name, ""), "project_id")
        if section.table is schema.turns:
            # Session by session, by number: turn ids follow the order of imports in this store.
            for session_id in self.session_ids.values():
                for row in self._stream(select(schema.turns).where(schema.turns.c.session_id == session_id).order_by(*section.order)):
                    yield self._document(section.table, row, local_columns)
            return
        if "project_id" in section.table.c:
            query = select(section.table).where(section.table.c.project_id == self._project_id).order_by(*section.order)
        else:
            query = select(section.table).join(schema.sessions, schema.sessions.c.id == section.table.c.session_id)
            query = query.where(schema.sessions.c.project_id == self._project_id).order_by(schema.sessions.c.number, *section.order)
        for row in self._stream(query):
            yield self._document(section.table, row, local_columns)

    def handoffs(self) -> Iterator[tuple[int, str]]:
        """Yield every handoff as (version, Markdown), oldest first."""
        columns = schema.handoffs.c.version, schema.handoffs.c.markdown
        query = select(*columns).where(schema.handoffs.c.project_id == self._project_id).order_by(schema.handoffs.c.version)
        yield from ((row.version, row.markdown) for row in self._stream(query))

    def _stream(self, query: Select[Any]) -> Iterable[Row[Any]]:
        return self._connection.execute(query.execution_options(yield_per=_MAX_ROWS))

    def _document(self, table: Table, row: Row[Any], local_columns: tuple[str, ...]) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for column in table.columns:
            if column.name in local_columns or column.name == schema.CHECKSUM:
                continue
            value = getattr(row, column.name)
            if column.name in _FIELD_NAMES and value is not None:
                value = self._names[column.name].get(value)
            document[field_name(column)] = None if value is None else _to_field(column, value)
        return document


class ProjectImporter:
    """Inserts an archive into a new project, section by section. Raises ValueError, TypeError or KeyError for an invalid row."""

    def __init__(self, connection: Connection, project: ArchiveDocument, name: str) -> None:
        self._connection = connection
        ledger = project["ledger"]
        values = _row_values(schema.projects, {key: value for key, value in project.items() if key != "ledger"}, ("id",), {})
        if values["status"] not in ("active", "archived") or len(values["secret_key"]) != 32:
            raise ValueError("status or secret_key")
        [Reference.from_json(reference) for reference in ledger["reference"]]
        self.project_id: int = connection.execute(
            insert(schema.projects).values({**values, "name": name}).returning(schema.projects.c.id)
        ).scalar_one()
        connection.execute(
            insert(schema.ledgers).values({**_row_values(schema.ledgers, ledger, ("project_id",), {}), "project_id": self.project_id})
        )
        self._ids: dict[str, dict[int, int]] = {"session_id": {}, "handoff_id": {}}
        self._turns: dict[int, int] = {}

    def insert_rows(self, section: ArchiveSection, documents: Iterable[ArchiveDocument]) -> int:
        """Insert the rows of any section except turns, and return how many there are."""
        count = 0
        batch: list[dict[str, Any]] = []
        for document in documents:
            local_columns = (LOCAL_COLUMNS.get(section.table.name, ""), "project_id")
            values = _row_values(section.table, document, local_columns, self._ids)
            _CHECKS.get(section.name, _no_check)(document)
            if "project_id" in section.table.c:
                values["project_id"] = self.project_id
            batch.append(values)
            if len(batch) == _MAX_ROWS:
                count += self._insert(section, batch)
        return count + self._insert(section, batch)

    def _insert(self, section: ArchiveSection, batch: list[dict[str, Any]]) -> int:
        rows = [*batch]
        batch.clear()
        if not rows:
            return 0
        if section.table is schema.sessions:
            new_rows = self._connection.execute(insert(section.table).returning(schema.sessions.c.number, schema.sessions.c.id), rows)
            self._ids["session_id"].update((number, id) for number, id in new_rows)
            self._turns.update((row["number"], row["turns"]) for row in rows)
        elif section.table is schema.handoffs:
            new_rows = self._connection.execute(insert(section.table).returning(schema.handoffs.c.version, schema.handoffs.c.id), rows)
            self._ids["handoff_id"].update((version, id) for version, id in new_rows)
        else:
            self._connection.execute(insert(section.table), rows)
        return len(rows)

    def insert_turns(self, archive_turns: Iterable[ArchiveTurn]) -> int:
        """Insert and index turns, which must come session by session in order; return how many there are."""
        count = 0
        for number, session_turns in groupby(archive_turns, lambda turn: turn.session):
            session_id, last_ordinal = self._ids["session_id"][number], 0
            batch: list[NewTurn] = []
            abandoned_ordinals: list[int] = []
            for turn in session_turns:
                if not last_ordinal < turn.new.ordinal <= self._turns[number]:
                    raise ValueError(f"ordinal {turn.new.ordinal} of session {number}, after {last_ordinal}")
                last_ordinal = turn.new.ordinal
                batch.append(turn.new)
                if turn.is_abandoned:
                    abandoned_ordinals.append(last_ordinal)
                count += 1
                if len(batch) == _MAX_ROWS:
                    turns.append(self._connection, self.project_id, session_id, batch)
                    batch = []
            turns.append(self._connection, self.project_id, session_id, batch)
            for after, until in _ranges(abandoned_ordinals):
                turns.abandon(self._connection, session_id, after, until)
        return count


class ArchiveTurn(NamedTuple):
    """A turn of the session with that number, ready to insert. `is_abandoned` marks a turn on an abandoned branch."""

    session: int
    is_abandoned: bool
    new: NewTurn


def parse_turns(documents: Iterable[ArchiveDocument], redact: Callable[[Turn], Turn]) -> Iterator[ArchiveTurn]:
    """Yield turns ready to insert, after *redact*. This is most of the work and needs no store. Raises like `ProjectImporter`."""
    bodies = TurnCodec()
    for document in documents:
        role, at = document["role"], document.get("at")
        if role not in _ROLES:
            raise ValueError(f"role {role!r}")
        turn = bodies.parse_body(
            role, None if at is None else to_datetime_or_none(_parse_time(at)), orjson.dumps(_require_type(document["turn"], dict))
        )
        _check_turn(turn)
        chars, ordinal = _from_field(schema.turns.c.chars, document["chars"]), _from_field(schema.turns.c.ordinal, document["ordinal"])
        new = NewTurn(ordinal, bytes.fromhex(document["identity"]), bodies.pack(redact(turn), chars))
        yield ArchiveTurn(_from_field(schema.sessions.c.number, document["session"]), _require_type(document["abandoned"], bool), new)


def field_name(column: Column[Any]) -> str:
    """Return the name of a column in an archive."""
    if column.name == "body":
        return "turn" if column.table.name == "turns" else "body"
    return _FIELD_NAMES.get(column.name) or column.name.removesuffix("_json")


def _id_pairs(connection: Connection, key: Column[int], value: Column[int], condition: Any) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in connection.execute(select(key, value).where(condition).order_by(key))]


def _to_field(column: Column[Any], value: Any) -> Any:
    if _is_time(column):
        at = to_datetime_or_none(value)
        return at and at.isoformat().replace("+00:00", "Z")
    if column.name == "body":
        return orjson.Fragment(readable_body(value))
    if isinstance(column.type, LargeBinary):
        return bytes(value).hex()
    return orjson.Fragment(value) if column.name.endswith("_json") else value


def _row_values(
    table: Table, document: ArchiveDocument, local_columns: tuple[str, ...], ids: Mapping[str, Mapping[int, int]]
) -> dict[str, Any]:
    """Return *document* as the values of a row. Missing fields become NULL where the column allows it."""
    columns = {field_name(column): column for column in table.columns if column.name not in (*local_columns, schema.CHECKSUM)}
    if unknown := sorted(set(document) - set(columns)):
        raise ValueError(f"{unknown[0]}, which this Onward does not know")
    values: dict[str, Any] = {}
    for field, column in columns.items():
        value = document.get(field)
        if value is None and isinstance(column.server_default, DefaultClause):
            # The archive is older than the column.
            values[column.name] = column.server_default.arg
            continue
        if value is None and not column.nullable:
            raise ValueError(f"{field} is missing")
        new_ids = ids.get(column.name)
        values[column.name] = None if value is None else new_ids[value] if new_ids is not None else _from_field(column, value)
    return values


def _from_field(column: Column[Any], value: Any) -> Any:
    """Return the stored value of one field. Raises ValueError or TypeError when it has the wrong type."""
    if column.name.endswith("_json"):
        return _reject_nul(orjson.dumps(value).decode())
    if column.name == "body":
        return ZstdCompressor(level=1, write_checksum=True).compress(orjson.dumps(value))
    if _is_time(column):
        return _parse_time(value)
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(value)
    if isinstance(column.type, Boolean):
        return _require_type(value, bool)
    if isinstance(column.type, Float):
        return float(_require_type(value, (int, float)))
    if isinstance(column.type, Integer):
        limit = _INTEGER_LIMITS[type(column.type)]
        number = _require_type(value, int)
        if isinstance(value, bool) or not -limit <= number < limit:
            raise ValueError(f"{column.name} is {number}")
        return number
    return _reject_nul(_require_type(value, str))


def _is_time(column: Column[Any]) -> bool:
    return isinstance(column.type, BigInteger) and (column.name == "at" or column.name.endswith("_at"))


def _parse_time(value: Any) -> int | None:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value} does not say in which zone")
    return to_micros(at.astimezone(UTC))


def _require_type(value: Any, expected: type | tuple[type, ...]) -> Any:
    if not isinstance(value, expected):
        raise TypeError(f"{str(value)[:40]!r} is of another kind")
    return value


def _reject_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL")
    return text


def _check_turn(turn: Turn) -> None:
    for text in (turn.text, turn.thinking, turn.mark, turn.id or "", turn.model or "", turn.sidechain or ""):
        _require_type(text, str)
    for call in turn.calls:
        _require_type(call.name, str)
        _require_type(call.id, str)
        _require_type(call.arguments, (str, dict))
    for result in turn.results:
        _require_type(result.text, str)
        _require_type(result.call_id, str)
    if turn.usage:
        for name in turn.usage.__slots__:
            _require_type(getattr(turn.usage, name), int)


def _ranges(ordinals: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield runs of consecutive ordinals as (ordinal before the first, last ordinal)."""
    for _, run in groupby(enumerate(ordinals), lambda pair: pair[1] - pair[0]):
        members = [ordinal for _, ordinal in run]
        yield members[0] - 1, members[-1]


def _no_check(_: ArchiveDocument) -> None:
    """Accept the row: most sections hold nothing that has to be parsed."""


def _check_session(document: ArchiveDocument) -> None:
    if document["status"] not in _STATUSES or document["number"] < 1 or document["turns"] < 0:
        raise ValueError("status, number or turns")
    for name in ("objectives", "accomplishments", "blockers"):
        for text in document[name]:
            _require_type(text, str)
    for item in document["checklist"]:
        _require_type(ChecklistItem(**item).text, str)
        _require_type(item["is_done"], bool)


def _check_handoff(document: ArchiveDocument) -> None:
    core_handoff.from_json(document["document"])
    Preservation.from_json(document["preservation"])
    if document.get("refinement") is not None:
        WriterReport.from_json(document["refinement"])


def _check_contribution(document: ArchiveDocument) -> None:
    for fact in document["body"]["facts"]:
        core_facts.from_json(fact)
    for reference in document["body"]["references"]:
        Reference.from_json(reference)


def _check_edit(document: ArchiveDocument) -> None:
    if document["kind"] == "add":
        core_facts.from_json(orjson.loads(document["text"]))


_CHECKS: Mapping[str, Callable[[ArchiveDocument], object]] = {
    "sessions": _check_session,
    "contributions": _check_contribution,
    "facts": lambda document: core_facts.from_json(document["body"]),
    "edits": _check_edit,
    "handoffs": _check_handoff,
    "drafts": _check_handoff,
    "imports": lambda document: ImportReport(**document["report"]),
}

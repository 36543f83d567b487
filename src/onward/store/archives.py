"""A project's rows as plain documents: out of one store, into another.

What is the id of a row in one store only is left out, or told by what it names: a session by its number, a handoff by its version. All else follows
from the tables: a time is written in ISO 8601, a digest in hex, JSON and packed bodies as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Integer, LargeBinary, Row, Select, Table, insert, select
from zstandard import ZstdCompressor, ZstdDecompressor

from onward.core import facts as core_facts
from onward.core import handoff as core_handoff
from onward.core.preservation import Preservation, Reference
from onward.core.refinement import Refinement
from onward.core.session import ChecklistItem
from onward.core.transcript import ImportReport, Turn
from onward.store import schema, turns
from onward.store.bodies import Bodies
from onward.store.clock import kept, told
from onward.store.turns import NewTurn

Document = Mapping[str, Any]


class Section(NamedTuple):
    """Rows of one table, in the order of columns that tell them apart in every store."""

    name: str
    table: Table
    order: tuple[Column[Any], ...]


SECTIONS = (
    Section("sessions", schema.sessions, (schema.sessions.c.number,)),
    Section("turns", schema.turns, (schema.turns.c.session_id, schema.turns.c.ordinal)),
    Section("contributions", schema.distilled, (schema.distilled.c.session_id,)),
    Section("facts", schema.facts, (schema.facts.c.id,)),
    Section("edits", schema.fact_edits, (schema.fact_edits.c.id,)),
    Section("handoffs", schema.handoffs, (schema.handoffs.c.version,)),
    Section("loaded_handoffs", schema.loaded_handoffs, (schema.loaded_handoffs.c.session_id,)),
    Section("drafts", schema.drafts, (schema.drafts.c.id,)),
    Section("imports", schema.imports, (schema.imports.c.path,)),
    Section("places", schema.places, (schema.places.c.id,)),
)
"""Everything that belongs to a project, each after what its rows name."""

OWN = {"sessions": "id", "turns": "id", "handoffs": "id", "fact_edits": "id", "drafts": "id", "imports": "id", "places": "id"}
"""Columns that mean something in one store only, beside `project_id`."""

_FIELDS = {"session_id": "session", "handoff_id": "handoff"}
_MOST_ROWS = 500
_INTEGER_LIMITS = {Integer: 2**31, BigInteger: 2**63}
_ROLES = ("user", "assistant", "tool", "system")
_STATUSES = ("active", "completed", "abandoned")


class Outgoing:
    """Gives a project's rows, in one state of the store."""

    def __init__(self, connection: Connection, project_id: int) -> None:
        self._connection = connection
        self._project_id = project_id
        sessions, handoffs = schema.sessions, schema.handoffs
        self.session_ids = dict(_pairs(connection, sessions.c.number, sessions.c.id, sessions.c.project_id == project_id))
        self._names = {
            "session_id": {id: number for number, id in self.session_ids.items()},
            "handoff_id": dict(_pairs(connection, handoffs.c.id, handoffs.c.version, handoffs.c.project_id == project_id)),
        }

    def project(self) -> dict[str, Any]:
        """Return the project's own row and what its ledger is beside its facts; its key in hex."""
        project = self._connection.execute(select(schema.projects).where(schema.projects.c.id == self._project_id)).one()
        ledger = self._connection.execute(select(schema.ledgers).where(schema.ledgers.c.project_id == self._project_id)).one()
        return {**self._document(schema.projects, project, ("id",)), "ledger": self._document(schema.ledgers, ledger, ("project_id",))}

    def rows(self, section: Section) -> Iterator[dict[str, Any]]:
        """Yield the rows of *section* as documents, in order, a few at a time."""
        own = (OWN.get(section.table.name, ""), "project_id")
        if section.table is schema.turns:
            # One session after the other, by number: ids are in the order of one store's imports.
            for session_id in self.session_ids.values():
                for row in self._selected(select(schema.turns).where(schema.turns.c.session_id == session_id).order_by(*section.order)):
                    yield self._document(section.table, row, own)
            return
        if "project_id" in section.table.c:
            query = select(section.table).where(section.table.c.project_id == self._project_id).order_by(*section.order)
        else:
            query = select(section.table).join(schema.sessions, schema.sessions.c.id == section.table.c.session_id)
            query = query.where(schema.sessions.c.project_id == self._project_id).order_by(schema.sessions.c.number, *section.order)
        for row in self._selected(query):
            yield self._document(section.table, row, own)

    def handoffs(self) -> Iterator[tuple[int, str]]:
        """Yield every handoff as (its version, its Markdown), the oldest first."""
        columns = schema.handoffs.c.version, schema.handoffs.c.markdown
        query = select(*columns).where(schema.handoffs.c.project_id == self._project_id).order_by(schema.handoffs.c.version)
        yield from ((row.version, row.markdown) for row in self._selected(query))

    def _selected(self, query: Select[Any]) -> Iterable[Row[Any]]:
        return self._connection.execute(query.execution_options(yield_per=_MOST_ROWS))

    def _document(self, table: Table, row: Row[Any], own: tuple[str, ...]) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for column in table.columns:
            if column.name in own:
                continue
            value = getattr(row, column.name)
            if column.name in _FIELDS and value is not None:
                value = self._names[column.name].get(value)
            document[field_of(column)] = None if value is None else _written(column, value)
        return document


class Incoming:
    """Takes rows into a project that is new, section after section. Raises ValueError, TypeError or KeyError at a row that is not as it should be."""

    def __init__(self, connection: Connection, project: Document, name: str) -> None:
        self._connection = connection
        ledger = project["ledger"]
        values = _values(schema.projects, {key: value for key, value in project.items() if key != "ledger"}, ("id",), {})
        if values["status"] not in ("active", "archived") or len(values["secret_key"]) != 32:
            raise ValueError("status or secret_key")
        [Reference.from_json(one) for one in ledger["reference"]]
        self.project_id: int = connection.execute(
            insert(schema.projects).values({**values, "name": name}).returning(schema.projects.c.id)
        ).scalar_one()
        connection.execute(
            insert(schema.ledgers).values({**_values(schema.ledgers, ledger, ("project_id",), {}), "project_id": self.project_id})
        )
        self._ids: dict[str, dict[int, int]] = {"session_id": {}, "handoff_id": {}}
        self._turns: dict[int, int] = {}

    def take(self, section: Section, documents: Iterable[Document]) -> int:
        """Keep the rows of *section*, not of turns, and return how many there are."""
        count = 0
        batch: list[dict[str, Any]] = []
        for document in documents:
            own = (OWN.get(section.table.name, ""), "project_id")
            values = _values(section.table, document, own, self._ids)
            _CHECKS.get(section.name, _nothing)(document)
            if "project_id" in section.table.c:
                values["project_id"] = self.project_id
            batch.append(values)
            if len(batch) == _MOST_ROWS:
                count += self._keep(section, batch)
        return count + self._keep(section, batch)

    def _keep(self, section: Section, batch: list[dict[str, Any]]) -> int:
        rows = [*batch]
        batch.clear()
        if not rows:
            return 0
        if section.table is schema.sessions:
            made = self._connection.execute(insert(section.table).returning(schema.sessions.c.number, schema.sessions.c.id), rows)
            self._ids["session_id"].update((number, id) for number, id in made)
            self._turns.update((row["number"], row["turns"]) for row in rows)
        elif section.table is schema.handoffs:
            made = self._connection.execute(insert(section.table).returning(schema.handoffs.c.version, schema.handoffs.c.id), rows)
            self._ids["handoff_id"].update((version, id) for version, id in made)
        else:
            self._connection.execute(insert(section.table), rows)
        return len(rows)

    def take_turns(self, ready: Iterable[ReadyTurn]) -> int:
        """Keep turns, which come session by session and in order, and index them; return how many there are."""
        count = 0
        for number, of_session in groupby(ready, lambda one: one.session):
            session_id, reached = self._ids["session_id"][number], 0
            batch: list[NewTurn] = []
            left: list[int] = []
            for one in of_session:
                if not reached < one.new.ordinal <= self._turns[number]:
                    raise ValueError(f"ordinal {one.new.ordinal} of session {number}, after {reached}")
                reached = one.new.ordinal
                batch.append(one.new)
                if one.is_left:
                    left.append(reached)
                count += 1
                if len(batch) == _MOST_ROWS:
                    turns.append(self._connection, self.project_id, session_id, batch)
                    batch = []
            turns.append(self._connection, self.project_id, session_id, batch)
            for after, until in _stretches(left):
                turns.abandon(self._connection, session_id, after, until)
        return count


class ReadyTurn(NamedTuple):
    """A turn of the session of that number, ready to be kept; `is_left` when it is on a branch that was left."""

    session: int
    is_left: bool
    new: NewTurn


def ready_turns(documents: Iterable[Document]) -> Iterator[ReadyTurn]:
    """Yield turns ready to be kept: most of the work, and it needs no store. Raises as `Incoming` does."""
    bodies = Bodies()
    for document in documents:
        role, at = document["role"], document.get("at")
        if role not in _ROLES:
            raise ValueError(f"role {role!r}")
        turn = bodies.unpack(role, None if at is None else told(_time(at)), orjson.dumps(_of_kind(document["turn"], dict)))
        _check_turn(turn)
        chars, ordinal = _read(schema.turns.c.chars, document["chars"]), _read(schema.turns.c.ordinal, document["ordinal"])
        new = NewTurn(ordinal, bytes.fromhex(document["identity"]), bodies.pack(turn, chars))
        yield ReadyTurn(_read(schema.sessions.c.number, document["session"]), _of_kind(document["abandoned"], bool), new)


def field_of(column: Column[Any]) -> str:
    """Return what a column is called in an archive."""
    if column.name == "body":
        return "turn" if column.table.name == "turns" else "body"
    return _FIELDS.get(column.name) or column.name.removesuffix("_json")


def _pairs(connection: Connection, key: Column[int], value: Column[int], where: Any) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in connection.execute(select(key, value).where(where).order_by(key))]


def _written(column: Column[Any], value: Any) -> Any:
    if _is_time(column):
        at = told(value)
        return at and at.isoformat().replace("+00:00", "Z")
    if column.name == "body":
        return orjson.Fragment(value if value[:1] == b"{" else ZstdDecompressor().decompress(value))
    if isinstance(column.type, LargeBinary):
        return bytes(value).hex()
    return orjson.Fragment(value) if column.name.endswith("_json") else value


def _values(table: Table, document: Document, own: tuple[str, ...], ids: Mapping[str, Mapping[int, int]]) -> dict[str, Any]:
    """Return *document* as the values of a row; what it leaves out is empty, if it may be."""
    columns = {field_of(column): column for column in table.columns if column.name not in own}
    if unknown := sorted(set(document) - set(columns)):
        raise ValueError(f"{unknown[0]}, which this Onward does not know")
    values: dict[str, Any] = {}
    for field, column in columns.items():
        value = document.get(field)
        if value is None and not column.nullable:
            raise ValueError(f"{field} is missing")
        named = ids.get(column.name)
        values[column.name] = None if value is None else named[value] if named is not None else _read(column, value)
    return values


def _read(column: Column[Any], value: Any) -> Any:
    """Return what a row keeps of one field; raises ValueError or TypeError where it is of another kind."""
    if column.name.endswith("_json"):
        return _clean(orjson.dumps(value).decode())
    if column.name == "body":
        return ZstdCompressor(level=1).compress(orjson.dumps(value))
    if _is_time(column):
        return _time(value)
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(value)
    if isinstance(column.type, Boolean):
        return _of_kind(value, bool)
    if isinstance(column.type, Float):
        return float(_of_kind(value, (int, float)))
    if isinstance(column.type, Integer):
        limit = _INTEGER_LIMITS[type(column.type)]
        number = _of_kind(value, int)
        if isinstance(value, bool) or not -limit <= number < limit:
            raise ValueError(f"{column.name} is {number}")
        return number
    return _clean(_of_kind(value, str))


def _is_time(column: Column[Any]) -> bool:
    return isinstance(column.type, BigInteger) and (column.name == "at" or column.name.endswith("_at"))


def _time(value: Any) -> int | None:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value} does not say in which zone")
    return kept(at.astimezone(UTC))


def _of_kind(value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{str(value)[:40]!r} is of another kind")
    return value


def _clean(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL")
    return text


def _check_turn(turn: Turn) -> None:
    for text in (turn.text, turn.thinking, turn.mark, turn.id or "", turn.model or "", turn.sidechain or ""):
        _of_kind(text, str)
    for call in turn.calls:
        _of_kind(call.name, str)
        _of_kind(call.id, str)
        _of_kind(call.arguments, (str, dict))
    for result in turn.results:
        _of_kind(result.text, str)
        _of_kind(result.call_id, str)
    if turn.usage:
        for tokens in (turn.usage.input_tokens, turn.usage.output_tokens, turn.usage.cache_read_tokens, turn.usage.cache_write_tokens):
            _of_kind(tokens, int)


def _stretches(ordinals: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield ordinals that follow each other as (the one before the first, the last)."""
    for _, run in groupby(enumerate(ordinals), lambda pair: pair[1] - pair[0]):
        places = [ordinal for _, ordinal in run]
        yield places[0] - 1, places[-1]


def _nothing(_: Document) -> None:
    """Most rows hold nothing that must be read to know that it can be."""


def _check_session(document: Document) -> None:
    if document["status"] not in _STATUSES or document["number"] < 1 or document["turns"] < 0:
        raise ValueError("status, number or turns")
    for name in ("objectives", "accomplishments", "blockers"):
        for text in document[name]:
            _of_kind(text, str)
    for item in document["checklist"]:
        _of_kind(ChecklistItem(**item).text, str)
        _of_kind(item["is_done"], bool)


def _check_handoff(document: Document) -> None:
    core_handoff.from_json(document["document"])
    Preservation.from_json(document["preservation"])
    if document.get("refinement") is not None:
        Refinement.from_json(document["refinement"])


def _check_contribution(document: Document) -> None:
    for fact in document["body"]["facts"]:
        core_facts.from_json(fact)
    for reference in document["body"]["references"]:
        Reference.from_json(reference)


def _check_edit(document: Document) -> None:
    if document["kind"] == "add":
        core_facts.from_json(orjson.loads(document["text"]))


_CHECKS: Mapping[str, Callable[[Document], object]] = {
    "sessions": _check_session,
    "contributions": _check_contribution,
    "facts": lambda document: core_facts.from_json(document["body"]),
    "edits": _check_edit,
    "handoffs": _check_handoff,
    "drafts": _check_handoff,
    "imports": lambda document: ImportReport(**document["report"]),
}

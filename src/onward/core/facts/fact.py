"""Facts: what is worth carrying from one session to the next, and the state of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from onward.core.facts.kinds import KINDS
from onward.message import Message, from_data, to_data

FACT_KINDS: tuple[str, ...] = tuple(KINDS)

if TYPE_CHECKING:
    FactKind: TypeAlias = str
else:
    # The choices of commands, API and forms follow from the table of kinds.
    FactKind = Literal[FACT_KINDS]

FactState: TypeAlias = Literal["live", "resolved", "superseded", "contradicted", "retracted"]
FactEvidence: TypeAlias = Literal["verified", "claimed", "assumed"]
FactAuthor: TypeAlias = Literal["user", "agent", "tool", "person"]
"""Who said it: the `user` or the `agent` in a session, a `tool` result, or a `person` who corrected the ledger by
hand.
"""


GIT_STATE = "git:state"
"""The subject of the repository's state at a session's end: the next session's replaces it."""

GIT_BRANCH = "git:branch"
"""The subject of a branch on which nothing is committed yet: the next one replaces it."""

TESTS_STATE = "tests:state"
"""The subject of how the last test run ended."""

FAILED_PUSH = "git:push"
"""The subject of a push that failed: one that succeeds ends it."""

SESSION_STATE = "session:state"
"""The subject of the sentences with which the last report of a session opens."""

SESSION_END = "session:end"
"""The subject of what the log shows after the last report: a request without an answer, what stopped the agent."""

LAST_MESSAGE = "session:last-message"
"""The subject of what the person wrote last in a session: the handoff after this session says it beside the goal."""

OPEN_REQUEST = "session:request"
"""The subject of the person's words that a session leaves to do first."""

FIRST_STEP = "session:first-step"
"""The subject of what a session leaves to do first: the next session's replaces it."""


_HEAD_PLACES = frozenset((SESSION_STATE, SESSION_END, OPEN_REQUEST, LAST_MESSAGE))


class Handle(NamedTuple):
    """A turn of a project: session number and turn ordinal, both from 1. Written `s3.41`."""

    session: int
    turn: int

    def __str__(self) -> str:
        return f"s{self.session}.{self.turn}"


class Outcome(NamedTuple):
    """How something ended according to the log.

    A file was `deleted`. The last run of a command `fails`. A command that failed with `error` `passes` after `changed_path` changed. A
    report claims a request (`reported`) or follows it (`answered`), and nothing later contradicts that.
    """

    code: Literal["deleted", "fails", "passes", "reported", "answered"]
    command: str = ""
    error: str = ""
    changed_path: str = ""


class Remark(NamedTuple):
    """What the log adds to a statement.

    A task is `not_begun` or `in_progress`. `reported` has as `text` what the agent reported about a file. The others contradict a claim:
    the tests of the command `text` failed last (`tests_failed`), the command `text` did not commit (`commit_failed`), the session has no
    commit (`not_committed`), or a tool refused to write the file `text` (`write_refused`).
    """

    code: Literal["not_begun", "in_progress", "reported", "tests_failed", "commit_failed", "not_committed", "write_refused"]
    text: str = ""

    @property
    def message(self) -> Message:
        """The remark as it follows its statement."""
        return Message(REMARK_TEMPLATES[self.code], text=self.text)

    @property
    def wording(self) -> str:
        """The remark in English, as a handoff has it."""
        return str(self.message)


REMARK_TEMPLATES = {
    "not_begun": " (not begun)",
    "in_progress": " (in progress)",
    "reported": " — {text}",
    "tests_failed": " (the log says otherwise: `{text}` failed when it last ran)",
    "commit_failed": " (the log says otherwise: `{text}` failed)",
    "not_committed": " (the log says otherwise: no commit was made in this session)",
    "write_refused": " (the log says otherwise: writing `{text}` was refused)",
}
"""The templates of remarks by their code."""


class Fact(NamedTuple):
    """One thing worth carrying.

    `id` is stable: the same turns give the same ids on every machine. `subject` is the key under which a later fact
    retires this one (`file:src/a.py`, `todo:write the docs`, `error:…`), empty for prose that has no key. `statement`
    is one line; `text` is the same with its `remark`, ready to print. `position` is its ordinal in the turn. `message` is
    the statement as a template with values if Onward worded it, so that pages can show it in the reader's language. `lead` is
    the sentence that introduced it ("Two ways to do this:"), printed once for the facts that share it. `weight` (0..1)
    is how much the fact matters by itself. `retires` names old values that the text itself calls replaced, and subjects
    that it ends (one ending in `*` ends all that begin so). `superseded_by` is the id of the fact that retired this
    one. `pinned` facts are always shown. `outcome` says how a file, an error or a request of the log ended; None for
    everything else. `session_state` is its state at the end of its own session: a request that was reported done is
    `resolved` from the start.
    """

    id: str
    kind: FactKind
    subject: str
    statement: str
    sources: tuple[Handle, ...]
    at: datetime | None = None
    weight: float = 0.5
    lead: str = ""
    remark: Remark | None = None
    position: int = 0
    retires: tuple[str, ...] = ()
    state: FactState = "live"
    evidence: FactEvidence = "claimed"
    author: FactAuthor = "agent"
    superseded_by: str | None = None
    pinned: bool = False
    outcome: Outcome | None = None
    session_state: FactState = "live"
    message: Message | None = None

    @property
    def session(self) -> int:
        """The number of the session that established the fact; 0 if a person added it."""
        return self.sources[0].session if self.sources else 0

    @property
    def key(self) -> str:
        """The subject, where a later fact of the same subject retires this one; a place in the head of a handoff is none."""
        return "" if self.subject in _HEAD_PLACES else self.subject

    @property
    def text(self) -> str:
        """The statement with its remark."""
        return f"{self.statement}{self.remark.wording}" if self.remark else self.statement

    @property
    def is_deleted_file(self) -> bool:
        """Whether it is a file that does not exist any more."""
        return self.outcome is not None and self.outcome.code == "deleted"

    @property
    def is_done_request(self) -> bool:
        """Whether it is a request that is done: a report claims it, or it was open at the end of its session and was ended since."""
        if self.kind != "requirement" or self.state != "resolved":
            return False
        return self.session_state == "live" or (self.outcome is not None and self.outcome.code == "reported")

    @property
    def is_likely_done(self) -> bool:
        """Whether it is a request that is done, or that a report followed without a word against it."""
        return self.is_done_request or (self.outcome is not None and self.outcome.code == "answered")

    @property
    def turn(self) -> int:
        """The ordinal of the first turn that shows the fact; 0 if a person added it."""
        return self.sources[0].turn if self.sources else 0


def fact_id(kind: FactKind, subject: str, text: str, source: Handle) -> str:
    """Return the stable id of a fact: eight bytes of BLAKE2 over its content and its source."""
    return blake2b(f"{kind}\0{subject}\0{text}\0{source}".encode("utf-8", "replace"), digest_size=8).hexdigest()


def to_json(fact: Fact) -> dict[str, object]:
    """Return *fact* as a JSON-able object that `from_json` reads back."""
    values: dict[str, object] = fact._asdict()
    values["sources"] = [str(h) for h in fact.sources]
    values["at"] = fact.at.isoformat() if fact.at else None
    values["retires"] = list(fact.retires)
    values["outcome"] = fact.outcome._asdict() if fact.outcome else None
    values["remark"] = fact.remark._asdict() if fact.remark else None
    values["message"] = to_data(fact.message)
    return values


def from_json(data: Mapping[str, Any]) -> Fact:
    """Return the fact that `to_json` wrote."""
    values = {name: data[name] for name in Fact._fields if name in data}
    if "statement" not in data:
        # Stored before remarks had a code: the text is whole.
        values |= {"statement": data["text"], "remark": None}
    values["sources"] = tuple(parse_handle(h) for h in data["sources"])
    values["at"] = datetime.fromisoformat(data["at"]) if data.get("at") else None
    values["retires"] = tuple(data.get("retires") or ())
    values["outcome"] = Outcome(**data["outcome"]) if data.get("outcome") else None
    values["remark"] = Remark(**remark) if (remark := values.get("remark")) else None
    values["message"] = from_data(data.get("message"))
    return Fact(**values)


@lru_cache(maxsize=16_384)
def parse_handle(text: str) -> Handle:
    """Return the handle written as *text* (`s3.41`). Raises ValueError on anything else."""
    session, _, turn = text.removeprefix("s").partition(".")
    return Handle(int(session), int(turn))

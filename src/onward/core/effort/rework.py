"""The tokens that a session spent on recovery and on rework.

*Recovery* is everything before the first productive step: the first edit, or the first command that does more than
read. *Rework* is, from there on, reading files again that the ledger knew and that did not change since, a command that
fails again in the same way, and an error that the ledger had explained. A token is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from onward.core.effort.shell_effects import is_read_only
from onward.core.effort.steps import SessionSteps, Step
from onward.core.facts.fact import Fact
from onward.core.facts.ledger import Ledger
from onward.core.knowledge.signature import signature
from onward.core.text.prose import one_line


class PriorKnowledge(NamedTuple):
    """What the project knew when a session started: the files that earlier sessions changed, and the signatures of
    errors that they fixed.
    """

    files: frozenset[str] = frozenset()
    explained_errors: frozenset[str] = frozenset()


def facts_before(ledger: Ledger, number: int) -> list[Fact]:
    """Return the facts that were current when session *number* started, in order: facts of earlier sessions that no
    earlier session had retired.
    """
    session_of = {fact.id: fact.session for fact in ledger.facts}
    return [
        fact
        for fact in ledger.facts
        if fact.session < number
        and fact.state != "retracted"
        and (fact.superseded_by is None or session_of.get(fact.superseded_by, number) >= number)
    ]


def prior_knowledge(facts: Iterable[Fact]) -> PriorKnowledge:
    """Return the files and the fixed errors in *facts*."""
    files, explained_errors = set[str](), set[str]()
    for fact in facts:
        kind, _, key = fact.subject.partition(":")
        if kind == "file" and not fact.is_deleted_file:
            files.add(key)
        elif kind == "error" and fact.outcome and fact.outcome.code == "passes":
            explained_errors.add(signature(fact.outcome.error))
    return PriorKnowledge(frozenset(files), frozenset(explained_errors - {""}))


class Effort(NamedTuple):
    """The effort of one session, in tokens. `recovery_tokens` is None for a session without a productive step: the
    purpose of its reading is unknown.
    """

    tokens: int
    recovery_tokens: int | None
    reread_tokens: int
    repeated_tokens: int
    explained_tokens: int
    edits: int
    commands: int
    failures: int
    first_edit_ms: int | None

    @property
    def rework_tokens(self) -> int:
        """Reading again, failing again, and errors that were explained before."""
        return self.reread_tokens + self.repeated_tokens + self.explained_tokens


class SessionError(NamedTuple):
    """An error of a session: how often it occurred, at which turn first, and whether the same command passed later."""

    signature: str
    text: str
    turn: int
    times: int
    is_solved: bool


def measure_effort(session_steps: SessionSteps, prior: PriorKnowledge) -> Effort:
    """Return the effort of a session."""
    command_steps = [step for step in session_steps.steps if step.command]
    edits = [step for step in session_steps.steps if step.changes and not step.failed]
    first = next((i for i, step in enumerate(session_steps.steps) if step.is_productive), None)
    reread, repeated, explained = (0, 0, 0) if first is None else _measure_rework(session_steps.steps, first, prior)
    first_edit = edits[0].at if edits else None
    wait_ms = (first_edit - session_steps.started_at) // timedelta(milliseconds=1) if first_edit and session_steps.started_at else None
    return Effort(
        tokens=session_steps.tokens,
        recovery_tokens=None if first is None else session_steps.steps[first].before_tokens,
        reread_tokens=reread,
        repeated_tokens=repeated,
        explained_tokens=explained,
        edits=len(edits),
        commands=len(command_steps),
        failures=sum(bool(step.failed) for step in command_steps),
        first_edit_ms=None if wait_ms is None else max(0, wait_ms),
    )


def _measure_rework(steps: Sequence[Step], start: int, prior: PriorKnowledge) -> tuple[int, int, int]:
    """Return the tokens of reading again, failing again and explained errors, from step *start* on. Steps before it
    are known, but not counted.
    """
    changed_paths: set[str] = set()
    failures: set[tuple[str, str]] = set()
    reread_tokens = repeated_tokens = explained_tokens = 0
    for i, step in enumerate(steps):
        if step.failed and step.error_line and not is_read_only(step.command):
            error = (step.key, signature(step.error_line))
            if i >= start and error in failures:
                repeated_tokens += step.tokens
            elif i >= start and error[1] in prior.explained_errors:
                explained_tokens += step.tokens
            failures.add(error)
        elif step.reads and i >= start and not step.changes:
            known_reads = sum(path in prior.files and path not in changed_paths for path in step.reads)
            reread_tokens += step.tokens * known_reads // len(step.reads)
        if not step.failed:
            changed_paths.update(change.path for change in step.changes)
    return reread_tokens, repeated_tokens, explained_tokens


def list_errors(steps: Iterable[Step]) -> list[SessionError]:
    """Return the errors that commands ended in, each once, in order of occurrence. Commands that only read do not
    count.
    """
    errors: dict[str, SessionError] = {}
    open_errors_by_key: dict[str, set[str]] = {}
    for step in steps:
        if not step.command or is_read_only(step.command):
            continue
        if step.failed and step.error_line and (name := signature(step.error_line)):
            previous = errors.get(name)
            times = previous.times + 1 if previous else 1
            errors[name] = SessionError(
                signature=name,
                text=one_line(step.error_line, 300),
                turn=previous.turn if previous else step.turn,
                times=times,
                is_solved=False,
            )
            open_errors_by_key.setdefault(step.key, set()).add(name)
        elif step.failed is False:
            for name in open_errors_by_key.pop(step.key, ()):
                errors[name] = errors[name]._replace(is_solved=True)
    return list(errors.values())

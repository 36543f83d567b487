"""What a session spent on finding its way and on doing again what the project knew: recovery and rework, in tokens.

*Recovery* is everything before the first productive step: the first edit, or the first command that is not reading. *Rework* is, from there on, reading files
again that the ledger knew and that did not change since, a command that fails again the same way, and an error that the ledger had explained.
A token is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from onward.core.facts import Fact
from onward.core.knowledge import solution_of
from onward.core.ledger import Ledger
from onward.core.signature import signature
from onward.core.steps import Step, Steps, is_looking
from onward.core.text import one_line


class Before(NamedTuple):
    """What the project knew when a session began: the files that earlier sessions changed, and the signatures of errors whose fix they found."""

    files: frozenset[str] = frozenset()
    explained: frozenset[str] = frozenset()


def stood_before(ledger: Ledger, number: int) -> list[Fact]:
    """Return the facts that stood when session *number* began, in order: those of earlier sessions that no earlier one had retired."""
    session_of = {fact.id: fact.session for fact in ledger.facts}
    return [
        fact
        for fact in ledger.facts
        if fact.session < number
        and fact.state != "retracted"
        and (fact.superseded_by is None or session_of.get(fact.superseded_by, number) >= number)
    ]


def known_before(facts: Iterable[Fact]) -> Before:
    """Return what *facts* tell of files and of errors whose fix was found."""
    files, explained = set[str](), set[str]()
    for fact in facts:
        of, _, what = fact.subject.partition(":")
        if of == "file" and not fact.text.startswith(f"`{what}` was deleted"):
            files.add(what)
        elif of == "error" and (solved := solution_of(fact)):
            explained.add(signature(solved.error))
    return Before(frozenset(files), frozenset(explained - {""}))


class Effort(NamedTuple):
    """What one session spent, in tokens. `recovery_tokens` is None for a session without a productive step: what its reading was for cannot be seen."""

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
        """Reading again, failing again, and meeting what was explained."""
        return self.reread_tokens + self.repeated_tokens + self.explained_tokens


class Met(NamedTuple):
    """An error that a session met: how often, first at which turn, and whether the same command passed later."""

    signature: str
    text: str
    turn: int
    times: int
    is_solved: bool


def effort(seen: Steps, before: Before) -> Effort:
    """Return what the session spent."""
    ran = [step for step in seen.steps if step.command]
    edits = [step for step in seen.steps if step.changes and not step.failed]
    first = next((i for i, step in enumerate(seen.steps) if step.is_productive), None)
    spent = _rework(seen.steps, first or 0, before)
    first_edit = edits[0].at if edits else None
    waited = (first_edit - seen.began_at) // timedelta(milliseconds=1) if first_edit and seen.began_at else None
    return Effort(
        seen.tokens,
        None if first is None else seen.steps[first].before_tokens,
        *(spent if first is not None else (0, 0, 0)),
        edits=len(edits),
        commands=len(ran),
        failures=sum(bool(step.failed) for step in ran),
        first_edit_ms=None if waited is None else max(0, waited),
    )


def _rework(steps: Sequence[Step], since: int, before: Before) -> tuple[int, int, int]:
    """Return the tokens read again, failed again and met again from step *since* on. What came before it counts as known, but is not counted."""
    changed: set[str] = set()
    failed: set[tuple[str, str]] = set()
    reread = repeated = explained = 0
    for i, step in enumerate(steps):
        if step.failed and step.trouble and not is_looking(step.command):
            met = (step.key, signature(step.trouble))
            if i >= since and met in failed:
                repeated += step.tokens
            elif i >= since and met[1] in before.explained:
                explained += step.tokens
            failed.add(met)
        elif step.reads and i >= since and not step.changes:
            again = sum(path in before.files and path not in changed for path in step.reads)
            reread += step.tokens * again // len(step.reads)
        if not step.failed:
            changed.update(change.path for change in step.changes)
    return reread, repeated, explained


def errors_met(steps: Iterable[Step]) -> list[Met]:
    """Return the errors that commands ended in, each once, in the order they were met. What only looks around does not fail."""
    found: dict[str, Met] = {}
    open_by_key: dict[str, set[str]] = {}
    for step in steps:
        if not step.command or is_looking(step.command):
            continue
        if step.failed and step.trouble and (name := signature(step.trouble)):
            known = found.get(name)
            times = known.times + 1 if known else 1
            found[name] = Met(name, one_line(step.trouble, 300), known.turn if known else step.turn, times, is_solved=False)
            open_by_key.setdefault(step.key, set()).add(name)
        elif step.failed is False:
            for name in open_by_key.pop(step.key, ()):
                found[name] = found[name]._replace(is_solved=True)
    return list(found.values())

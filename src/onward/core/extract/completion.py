"""What a session shows of the end of a request: done where a report claims it, perhaps done where one follows, if nothing after it speaks
against that.
"""

from __future__ import annotations

from collections.abc import Sequence

from onward.core.extract.phrases import PHRASES, pattern
from onward.core.extract.rounds import Round
from onward.core.extract.sentence_phrases import tells_outcome
from onward.core.extract.units import Unit
from onward.core.facts.fact import Outcome
from onward.core.text.prose import content_words
from onward.core.text.sentences import sentences

_LAST_SENTENCES = 3
"""Sentences at the end of a report among which a question leaves the request to the person."""
_REPEATED_SHARE, _MIN_REPEATED_STEMS = 0.6, 2
"""The share of a request's words, and the least number of them, in a later request that asks for the same again."""
_DENIED_STEMS = 2
"""Words that a later complaint has in common with the request that it is about."""
_ALL_LANGUAGES = frozenset(PHRASES)


def request_outcome(unit: Unit, rounds: dict[int, Round], last_runs: dict[int, bool], languages: frozenset[str]) -> Outcome | None:
    """Return how the request *unit* ended: `reported` where the report of its round claims it, asks nothing and misses nothing; `answered`
    where there is any report that the person went on from, or that asks nothing of them; None without one, after a run that failed last
    (*last_runs*, by round), or where a later word of the person asks for it again or denies it.
    """
    current = rounds[unit.statement.round]
    if current.closing is None or last_runs.get(current.number, False):
        return None
    later = [rounds[number] for number in rounds if number > current.number and rounds[number].requests]
    if any(_speaks_against(following, unit.stems) for following in later):
        return None
    report = [sentence.text for sentence in sentences(current.closing.text)]
    is_claimed = current.fate == "done" and any(tells_outcome(text, languages) for text in report)
    is_unfinished = _asks(report) or any(pattern("unfinished", languages).search(text) for text in report)
    if is_claimed and not is_unfinished:
        return Outcome("reported")
    # What the person says to the last report is not known: one that asks or tells them what to do leaves the request open.
    is_settled = bool(later) or not (_asks(report) or any(pattern("instruct", languages).match(text) for text in report))
    return Outcome("answered") if is_settled else None


def _asks(report: Sequence[str]) -> bool:
    return any(text.endswith(("?", "？")) and not pattern("idle", _ALL_LANGUAGES).search(text) for text in report[-_LAST_SENTENCES:])


def _speaks_against(following: Round, stems: frozenset[str]) -> bool:
    """Whether a later round asks for the same again, or complains of the same."""
    common = len(stems & frozenset(content_words(following.request)))
    is_repeated = common >= max(_MIN_REPEATED_STEMS, _REPEATED_SHARE * len(stems))
    return is_repeated or (following.refuses and common >= min(_DENIED_STEMS, len(stems)))

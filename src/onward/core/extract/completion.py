"""How a request ended: done if a report claims it, perhaps done if a report follows, unless something later contradicts that."""

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
"""A question in this many last sentences of a report returns the decision to the person."""
_REPEATED_SHARE, _MIN_REPEATED_STEMS = 0.6, 2
"""A later request asks for the same thing if it repeats this share, and at least this number, of the first request's words."""
_DENIED_STEMS = 2
"""A complaint is about a request if they share this many words."""
_ALL_LANGUAGES = frozenset(PHRASES)


def request_outcome(unit: Unit, rounds: dict[int, Round], last_runs: dict[int, bool], languages: frozenset[str]) -> Outcome | None:
    """Return how the request *unit* ended, or None if that is unknown.

    `reported`: the report of its round claims the work, asks nothing and lists nothing as missing. `answered`: there is a report that asks
    nothing of the person, or that the person moved on from. None: there is no report, the round's last command failed (*last_runs*, by
    round), or the person later repeats or denies the request.
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
    # Nobody answers the last report: if it asks for something or gives orders, the request stays open.
    is_settled = bool(later) or not (_asks(report) or any(pattern("instruct", languages).match(text) for text in report))
    return Outcome("answered") if is_settled else None


def _asks(report: Sequence[str]) -> bool:
    return any(text.endswith(("?", "？")) and not pattern("idle", _ALL_LANGUAGES).search(text) for text in report[-_LAST_SENTENCES:])


def _speaks_against(following: Round, stems: frozenset[str]) -> bool:
    """Whether a later round repeats the request or complains about its result."""
    common = len(stems & frozenset(content_words(following.request)))
    is_repeated = common >= max(_MIN_REPEATED_STEMS, _REPEATED_SHARE * len(stems))
    return is_repeated or (following.refuses and common >= min(_DENIED_STEMS, len(stems)))

"""Features of a clause as numbers for the ranker.

They are cheap to compute: the position of the clause, its author, its cues and identifiers, and how often the session
mentions the same things. `FEATURE_NAMES` names each place of the vector; `bench/fit_ranker.py` fits one weight to each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import groupby, pairwise
from math import fsum, log
from typing import NamedTuple

from onward.core.extract.cues import CUE_GROUPS, cue_bits
from onward.core.extract.trace import Statement, Trace
from onward.core.text.prose import Clause, clauses, content_words, identifiers, words


class Candidate(NamedTuple):
    """A clause that may become a fact, with what is computed once. `cues` are bits of `CUE_GROUPS`; `names` are its
    identifiers.
    """

    statement: Statement
    clause: Clause
    size: int
    """Number of words."""
    opening: tuple[str, ...]
    """The first twelve words."""
    cues: int
    names: tuple[str, ...]
    stems: frozenset[str]
    texts: int
    """Number of clauses in its text."""


class SessionContext(NamedTuple):
    """Counts over the whole session: in how many texts each content word and identifier appears, and where the last
    report is.
    """

    texts: int
    word_rarity: dict[str, float]
    """By content word: log(texts / texts with it + 1)."""
    recurring_words: frozenset[str]
    """Content words of more than two texts."""
    name_texts: Counter[str]
    rounds: int
    last_closing: int
    touched_names: frozenset[str]
    """Identifiers (lower case) that tool calls worked on: names of changed files, words of commands."""


_CLAUSE_FEATURES = (
    "bias", "user", "summary", "closes", "final", "late", "round_late", "first_round", "last_round",
    "opens_text", "ends_text", "short_text", "long_text", "item", "row", "has_heading", "has_lead", "question", "ends_colon",
    "heading_only",
    "words<4", "words<8", "words<16", "words>30", "names=1", "names=2", "names>2", "has_path", "has_number", "has_hash", "has_url",
    "rarity", "name_recurs", "name_touched", "word_recurs", "starts_lower", "first_person", "second_person", "exclaims", "short_said",
    "opens_working",
)  # fmt: skip
_BASE_FEATURES = _CLAUSE_FEATURES + CUE_GROUPS
REGIMES = ("user", "working", "closing")
"""Who speaks and when: the user, the agent while it works, the agent when it reports. A cue means different things
in each.
"""
FEATURE_COUNT = len(_BASE_FEATURES)
"""How many features there are. `FEATURE_NAMES` lists them once for all speakers, then once per regime: a weight
counts by itself and in its regime.
"""
FEATURE_NAMES: tuple[str, ...] = _BASE_FEATURES + tuple(f"{regime}:{name}" for regime in REGIMES for name in _BASE_FEATURES)

_FIRST_PERSON = frozenset("i i'm i've i'll we my saya aku gue je eu yo".split())
_WORKING_OPENINGS = frozenset(
    "i'll i'm let now next first good perfect great excellent ok okay so looking checking running saya mari sekarang vou vamos je".split()
)
_SECOND_PERSON = frozenset("you your you're kamu anda lo vous tu você".split())


RULE_WORDS = frozenset("always never must mustn't selalu jangan wajib toujours jamais sempre nunca siempre".split())
_AMBIGUOUS_WORDS = frozenset("always never".split())
_DEMAND_OPENINGS = frozenset("please also and but or then so you we should must shall".split()) | {""}
"""Words before "always" or "never" in a demand; after any other word they may describe: "the callback is never
reached".
"""
_OBSERVATION_OPENINGS = frozenset(
    "is are was were be been has have had it they which will would almost still i he she this that to".split()
)
_NARRATIVE_OPENINGS = frozenset("this that it when if because since still as he she they".split())
_SHORT_DEMAND_WORDS = 12
"""The most words of a plain statement by the user that counts as a demand, as "Prices never are floats" does."""
_MAX_REMARK_CHARS = 240
"""The most characters of a user's remark that is kept in one piece."""


def list_candidates(trace: Trace) -> list[Candidate]:
    """Return every clause of two words or more that was said in the session, in order."""
    candidate_list: list[Candidate] = []
    for statement in trace.statements:
        parts = clauses(statement.text)
        if statement.author == "user":
            parts = join_remarks(parts)
        for clause in parts:
            size, opening, bits, names, stems = _read_clause(clause.text)
            if size >= 2:
                candidate_list.append(
                    Candidate(
                        statement=statement,
                        clause=clause,
                        size=size,
                        opening=opening,
                        cues=bits,
                        names=names,
                        stems=stems,
                        texts=len(parts),
                    )
                )
    return candidate_list


@lru_cache(maxsize=4096)
def _read_clause(text: str) -> tuple[int, tuple[str, ...], int, tuple[str, ...], frozenset[str]]:
    """Return size, opening, cues, names and stems of a clause. Cached, because agents repeat many sentences."""
    tokens = words(text)
    bits = cue_bits(text.lower().replace("’", "'"), tokens)
    return len(tokens), tuple(tokens[:12]), bits, identifiers(text), frozenset(content_words(text))


def join_remarks(parts: Iterable[Clause]) -> tuple[Clause, ...]:
    """Return a user's sentences joined as long as they stay short: a remark is one statement, and its parts alone
    lose their subject.
    """
    joined_clauses: list[Clause] = []
    for part in parts:
        previous = joined_clauses[-1] if joined_clauses else None
        is_remark = previous and not (part.is_item or previous.is_item or states_rule(part.text) or states_rule(previous.text))
        if previous and is_remark and len(previous.text) + len(part.text) < _MAX_REMARK_CHARS:
            joined_clauses[-1] = previous._replace(text=f"{previous.text} {part.text}")
            continue
        joined_clauses.append(part)
    return tuple(part._replace(position=i) for i, part in enumerate(joined_clauses))


def states_rule(text: str) -> bool:
    """Return whether *text* demands something always or never, in any language; questions and observations do not."""
    tokens = text.lower().replace(",", " ").split()
    if text.endswith("?") or RULE_WORDS.isdisjoint(tokens):
        return False
    is_plain = len(tokens) <= _SHORT_DEMAND_WORDS and tokens[0] not in _NARRATIVE_OPENINGS
    return any(
        word not in _AMBIGUOUS_WORDS
        or previous in _DEMAND_OPENINGS
        or previous.endswith((".", "!", ";", ":", "-"))
        or (is_plain and previous not in _OBSERVATION_OPENINGS)
        for previous, word in pairwise(("", *tokens))
        if word in RULE_WORDS
    )


def session_context(trace: Trace, candidate_list: Iterable[Candidate]) -> SessionContext:
    """Return the session-wide counts that `features` needs."""
    word_texts: Counter[str] = Counter()
    name_texts: Counter[str] = Counter()
    for _, group in groupby(candidate_list, key=lambda candidate: candidate.statement.position):
        text_candidates = list(group)
        word_texts.update(frozenset[str]().union(*(candidate.stems for candidate in text_candidates)))
        name_texts.update({name.lower() for candidate in text_candidates for name in candidate.names})
    closings = [s.position for s in trace.statements if s.is_closing]
    touched_names = {part for c in trace.changes for part in (c.change.path.lower(), c.change.path.lower().rsplit("/", 1)[-1])}
    for run in trace.runs:
        touched_names.update(run.command.lower().split())
    texts = len(trace.statements)
    rarity_by_count = {count: log(texts / count + 1.0) for count in set(word_texts.values())}
    rarity = {word: rarity_by_count[count] for word, count in word_texts.items()}
    recurring = frozenset(word for word, count in word_texts.items() if count > 2)
    return SessionContext(
        texts=texts,
        word_rarity=rarity,
        recurring_words=recurring,
        name_texts=name_texts,
        rounds=trace.rounds,
        last_closing=max(closings, default=-1),
        touched_names=frozenset(touched_names),
    )


def features(candidate: Candidate, context: SessionContext) -> list[tuple[int, float]]:
    """Return the features of one candidate that are not zero, as (place among the first `FEATURE_COUNT` of
    `FEATURE_NAMES`, value of about 0..1).
    """
    statement, clause, text = candidate.statement, candidate.clause, candidate.clause.text
    is_user, closes = statement.author == "user", statement.is_closing
    names = [n.lower() for n in candidate.names]
    names_text = " ".join(names)
    stems = max(1, len(candidate.stems))
    values = [
        1.0,
        is_user,
        statement.is_summary,
        closes,
        statement.position == context.last_closing,
        statement.position / max(1, context.texts),
        statement.round / max(1, context.rounds),
        statement.round <= 1,
        statement.round == context.rounds,
        clause.position == 0,
        clause.position == candidate.texts - 1,
        candidate.texts <= 2,
        candidate.texts > 12,
        clause.is_item,
        " — " in text,
        bool(clause.heading),
        bool(clause.lead),
        text.endswith("?"),
        text.endswith(":"),
        candidate.size <= 3 and clause.is_item,
        candidate.size < 4,
        candidate.size < 8,
        candidate.size < 16,
        candidate.size > 30,
        len(names) == 1,
        len(names) == 2,
        len(names) > 2,
        "/" in names_text,
        any(map(str.isdigit, names)),
        any(map(_is_hash, names)),
        "://" in names_text,
        fsum(map(context.word_rarity.__getitem__, candidate.stems)) / stems / 6.0,
        log(1 + max(map(context.name_texts.__getitem__, names))) / 3.0 if names else 0.0,
        not context.touched_names.isdisjoint(names),
        len(context.recurring_words & candidate.stems) / stems,
        text[:1].islower(),
        not _FIRST_PERSON.isdisjoint(candidate.opening),
        not _SECOND_PERSON.isdisjoint(candidate.opening),
        text.endswith("!"),
        candidate.texts == 1 and candidate.size < 12,
        candidate.opening[0] in _WORKING_OPENINGS,
    ]
    return [(i, float(x)) for i, x in enumerate(values) if x] + _cue_features(candidate.cues)


def _is_hash(name: str) -> bool:
    return len(name) >= 7 and name.isalnum() and any(map(str.isdigit, name)) and any(map(str.isalpha, name))


@cache
def _cue_features(cues: int) -> list[tuple[int, float]]:
    """Return the features of these cue bits. Cached: a session has a few hundred sets of cues."""
    return [(len(_CLAUSE_FEATURES) + i, 1.0) for i in range(len(CUE_GROUPS)) if cues >> i & 1]


def regime(statement: Statement) -> int:
    """Return the index of the regime in `REGIMES` that a text belongs to."""
    return 0 if statement.author == "user" else 2 if statement.is_closing or statement.is_summary else 1

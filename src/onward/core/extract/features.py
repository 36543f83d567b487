"""What can be told of a clause at a glance, as numbers for the ranker.

Cheap on purpose: where it stands, who said it, which cues and identifiers it holds, and how often the session speaks of the same things. `NAMES` gives the meaning of each
place of the vector; `bench/fit_ranker.py` fits one weight to each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import groupby, pairwise
from math import fsum, log
from typing import NamedTuple

from onward.core.extract.cues import GROUPS, cue_bits
from onward.core.extract.trace import Said, Trace
from onward.core.text import Clause, clauses, content_words, identifiers, words


class Candidate(NamedTuple):
    """A clause that may become a fact, with what was told of it. `cues` are bits of `GROUPS`; `names` its identifiers."""

    said: Said
    clause: Clause
    size: int
    """Words."""
    opening: tuple[str, ...]
    """The first dozen of them."""
    cues: int
    names: tuple[str, ...]
    stems: frozenset[str]
    texts: int
    """Clauses in the text it stands in."""


class Setting(NamedTuple):
    """What the whole session knows: in how many texts each content word and identifier appears, and where the session ends."""

    texts: int
    word_rarity: dict[str, float]
    """Of each content word: log(texts / texts with it + 1)."""
    recurring_words: frozenset[str]
    """Content words of more than two texts."""
    name_texts: Counter[str]
    rounds: int
    last_closing: int
    touched: frozenset[str]
    """Identifiers (lower case) that tool calls worked on: names of changed files, words of commands."""


_PLACES = (
    "bias", "user", "summary", "closes", "final", "late", "round_late", "first_round", "last_round",
    "opens_text", "ends_text", "short_text", "long_text", "item", "row", "has_heading", "has_lead", "question", "ends_colon", "heading_only",
    "words<4", "words<8", "words<16", "words>30", "names=1", "names=2", "names>2", "has_path", "has_number", "has_hash", "has_url",
    "rarity", "name_recurs", "name_touched", "word_recurs", "starts_lower", "first_person", "second_person", "exclaims", "short_said", "opens_working",
)  # fmt: skip
_TOLD = _PLACES + GROUPS
REGIMES = ("user", "working", "closing")
"""Who speaks and when: the user, the agent while it works, the agent when it hands back. The same cue means different things in each."""
SHARED = len(_TOLD)
"""How many features there are. `NAMES` lists them for whoever speaks, then again for each regime: a weight counts by itself and in its regime."""
NAMES: tuple[str, ...] = _TOLD + tuple(f"{regime}:{name}" for regime in REGIMES for name in _TOLD)

_FIRST_PERSON = frozenset("i i'm i've i'll we my saya aku gue je eu yo".split())
_WORKING = frozenset(
    "i'll i'm let now next first good perfect great excellent ok okay so looking checking running saya mari sekarang vou vamos je".split()
)
_SECOND_PERSON = frozenset("you your you're kamu anda lo vous tu você".split())


STANDING = frozenset("always never must mustn't selalu jangan wajib toujours jamais sempre nunca siempre".split())
_DEMANDED = frozenset("always never".split())
_DEMANDING = frozenset("please also and but or then so you we should must shall".split()) | {""}
"""What stands before "always" or "never" in a demand; in front of anything else they may tell how things are: "the callback is never reached"."""
_TELLING = frozenset("is are was were be been has have had it they which will would almost still i he she this that to".split())
_OPENS_A_TALE = frozenset("this that it when if because since still as he she they".split())
_SHORT_DEMAND = 12
"""Words up to which a plain statement of a person's counts as a demand: "Prices never are floats." """
_REMARK = 240
"""Characters of a user's remark that is kept together."""


def candidates(seen: Trace) -> list[Candidate]:
    """Return every clause of two words or more that was said in the session, in order."""
    found: list[Candidate] = []
    for said in seen.said:
        parts = clauses(said.text)
        if said.author == "user":
            parts = joined(parts)
        for clause in parts:
            size, opening, bits, names, stems = _read(clause.text)
            if size >= 2:
                found.append(Candidate(said, clause, size, opening, bits, names, stems, len(parts)))
    return found


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[int, tuple[str, ...], int, tuple[str, ...], frozenset[str]]:
    """Return size, opening, cues, names and stems of a clause. Remembered, since agents say "Now let me run the tests" all day."""
    listed = words(text)
    bits = cue_bits(text.lower().replace("’", "'"), listed)
    return len(listed), tuple(listed[:12]), bits, identifiers(text), frozenset(content_words(text))


def joined(parts: Iterable[Clause]) -> tuple[Clause, ...]:
    """Return a user's sentences put together as long as they stay short: a person's remark is one thing said, and loses its subject in pieces."""
    out: list[Clause] = []
    for part in parts:
        before = out[-1] if out else None
        remarks = before and not (part.is_item or before.is_item or states_rule(part.text) or states_rule(before.text))
        if before and remarks and len(before.text) + len(part.text) < _REMARK:
            out[-1] = before._replace(text=f"{before.text} {part.text}")
            continue
        out.append(part)
    return tuple(part._replace(place=i) for i, part in enumerate(out))


def states_rule(text: str) -> bool:
    """Whether *text* demands something always or never, in some language; a question or an observation does not."""
    said = text.lower().replace(",", " ").split()
    if text.endswith("?") or STANDING.isdisjoint(said):
        return False
    plain = len(said) <= _SHORT_DEMAND and said[0] not in _OPENS_A_TALE
    return any(
        word not in _DEMANDED or before in _DEMANDING or before.endswith((".", "!", ";", ":", "-")) or (plain and before not in _TELLING)
        for before, word in pairwise(("", *said))
        if word in STANDING
    )


def setting(seen: Trace, found: Iterable[Candidate]) -> Setting:
    """Return the session-wide counts that `features` measures a clause against."""
    word_texts: Counter[str] = Counter()
    name_texts: Counter[str] = Counter()
    for _, said in groupby(found, key=lambda one: one.said.place):
        of_text = list(said)
        word_texts.update(frozenset[str]().union(*(one.stems for one in of_text)))
        name_texts.update({name.lower() for one in of_text for name in one.names})
    closings = [s.place for s in seen.said if s.closes]
    touched = {part for c in seen.changed for part in (c.change.path.lower(), c.change.path.lower().rsplit("/", 1)[-1])}
    for ran in seen.ran:
        touched.update(ran.command.lower().split())
    texts = len(seen.said)
    rarity_in = {count: log(texts / count + 1.0) for count in set(word_texts.values())}
    rarity = {word: rarity_in[count] for word, count in word_texts.items()}
    recurring = frozenset(word for word, count in word_texts.items() if count > 2)
    return Setting(texts, rarity, recurring, name_texts, seen.rounds, max(closings, default=-1), frozenset(touched))


def features(one: Candidate, around: Setting) -> list[tuple[int, float]]:
    """Return the features of one candidate that are not zero, as (place among the first `SHARED` of `NAMES`, value about 0..1)."""
    said, clause, text = one.said, one.clause, one.clause.text
    user, closes = said.author == "user", said.closes
    names = [n.lower() for n in one.names]
    named = " ".join(names)
    stems = max(1, len(one.stems))
    out = [
        1.0,
        user,
        said.is_summary,
        closes,
        said.place == around.last_closing,
        said.place / max(1, around.texts),
        said.round / max(1, around.rounds),
        said.round <= 1,
        said.round == around.rounds,
        clause.place == 0,
        clause.place == one.texts - 1,
        one.texts <= 2,
        one.texts > 12,
        clause.is_item,
        " — " in text,
        bool(clause.heading),
        bool(clause.lead),
        text.endswith("?"),
        text.endswith(":"),
        one.size <= 3 and clause.is_item,
        one.size < 4,
        one.size < 8,
        one.size < 16,
        one.size > 30,
        len(names) == 1,
        len(names) == 2,
        len(names) > 2,
        "/" in named,
        any(map(str.isdigit, names)),
        any(map(_is_hash, names)),
        "://" in named,
        fsum(map(around.word_rarity.__getitem__, one.stems)) / stems / 6.0,
        log(1 + max(map(around.name_texts.__getitem__, names))) / 3.0 if names else 0.0,
        not around.touched.isdisjoint(names),
        len(around.recurring_words & one.stems) / stems,
        text[:1].islower(),
        not _FIRST_PERSON.isdisjoint(one.opening),
        not _SECOND_PERSON.isdisjoint(one.opening),
        text.endswith("!"),
        one.texts == 1 and one.size < 12,
        one.opening[0] in _WORKING,
    ]
    return [(i, float(x)) for i, x in enumerate(out) if x] + _hints(one.cues)


def _is_hash(name: str) -> bool:
    return len(name) >= 7 and name.isalnum() and any(map(str.isdigit, name)) and any(map(str.isalpha, name))


@cache
def _hints(cues: int) -> list[tuple[int, float]]:
    """Return the features that these bits stand for. Remembered: a session shows a few hundred sets of cues."""
    return [(len(_PLACES) + i, 1.0) for i in range(len(GROUPS)) if cues >> i & 1]


def regime(said: Said) -> int:
    """Return which of `REGIMES` a text belongs to."""
    return 0 if said.author == "user" else 2 if said.closes or said.is_summary else 1

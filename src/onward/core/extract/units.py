"""The sentences of a session with features of their place: who says them and when, what follows, what they repeat and name.

No feature is a word of a language, so that position, round, form, repetition and names carry what can be learned (decision 12). `FEATURES`
names each place of a vector; `python -m bench.fit` fits trees to them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from onward.core.extract.orders import is_standing_order
from onward.core.extract.phrases import pattern
from onward.core.extract.rounds import Round
from onward.core.extract.trace import Statement, Trace
from onward.core.text.prose import content_words, identifiers, words
from onward.core.text.sentences import Sentence, sentences

_MAX_VOCABULARY_CHARS = 3_000
"""A longer text of a person is mostly pasted: its words do not count as theirs."""
_REQUEST_CHARS, _RECENT_CLOSINGS = 600, 6
_MAX_REMARK_CHARS = 260
"""The most characters of a remark whose sentences are joined."""

_CLAUSE_END = re.compile(r"[,;:.—–]\s+(?:(?:so|and|but|then)\s+)?")
_IN_PROGRESS = re.compile(
    r"(?!Nothing|Everything|Something|Anything|During|String|Warning|Missing|Existing|Remaining|Pending|According|Regarding)"
    r"[A-Z][a-z]+ing (?!is\b|are\b|was\b|were\b|has\b|will\b|would\b|can\b|should\b)\S"
)
"""How an English sentence that says what the agent is doing begins: "Verifying the schema before I go on"."""

_JOINT = re.compile(r"[,;]\s+(?:and|but|und|aber|et|mais|y|pero|e|mas|ma|dan|tapi|ve|và|и|но)\s+", re.I)
_MIN_PARTED_CHARS = 15
_LABEL_WORDS, _MAX_LABEL_CHARS = 3, 40
"""A line of at most this many words and characters that ends in a colon is only a label."""
_MAX_AGREEMENT_CHARS = 15
"""The most characters of a sentence that only agrees ("Great."): it is not joined with what follows."""

FEATURES: tuple[str, ...] = (
    "by_user", "is_closing", "is_last_closing", "closings_after", "rounds_left", "rounds", "text_share", "sentences_in_text",
    "sentence_position", "text_chars", "chars", "words", "is_narration", "starts_lower", "is_question", "ends_with_colon",
    "code_spans", "names", "has_digit_name", "most_repeated_name", "repeats", "later_word_share", "user_word_share", "user_word_count",
    "last_closing_share", "request_share", "round_runs", "round_edits", "round_texts", "request_chars", "next_request_chars",
    "punctuation_share", "upper_share", "user_lines",
)  # fmt: skip


@dataclass(slots=True)
class Unit:
    """A sentence or item in its session.

    `names` are its identifiers in lower case, `stems` its content words, and `repeats` is how often the session says it.
    """

    sentence: Sentence
    statement: Statement
    order: int
    size: int
    names: tuple[str, ...]
    stems: frozenset[str]
    is_narration: bool
    repeats: int = 1

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.sentence.text

    @property
    def by_user(self) -> bool:
        """Whether the person said it."""
        return self.statement.author == "user"


def units_of(trace: Trace, languages: frozenset[str]) -> list[Unit]:
    """Return every sentence of two or more words in the session, in order."""
    units: list[Unit] = []
    counts: Counter[str] = Counter()
    narration = (pattern("narrate", languages), pattern("begin", languages))
    for statement in trace.statements:
        by_user = statement.author == "user"
        parts = sentences(statement.text)
        for sentence in _join_remarks(_part_orders(parts, languages), languages) if by_user else parts:
            tokens = words(sentence.text)
            if len(tokens) < 2:
                continue
            counts[sentence.text.lower()] += 1
            units.append(
                Unit(
                    sentence=sentence,
                    statement=statement,
                    order=len(units),
                    size=len(tokens),
                    names=tuple(name.lower() for name in identifiers(sentence.text)),
                    stems=frozenset(content_words(sentence.text)),
                    is_narration=not by_user and _narrates(sentence.text, statement, narration),
                )
            )
    for unit in units:
        unit.repeats = counts[unit.text.lower()]
    return units


def _narrates(text: str, statement: Statement, narration: tuple[re.Pattern[str], re.Pattern[str]]) -> bool:
    """Whether an agent announces what it is about to do: at the beginning of a text, or in any clause in the middle of its work."""
    intent, start = narration
    if intent.match(text):
        return True
    if statement.is_closing:
        return False
    return (
        start.match(text) is not None
        or _IN_PROGRESS.match(text) is not None
        or any(intent.match(clause) for clause in _CLAUSE_END.split(text)[1:])
    )


def _part_orders(parts: Iterable[Sentence], languages: frozenset[str]) -> Iterator[Sentence]:
    """Yield a person's sentences, with a standing order apart from the request it follows: "find out why, and never restart it"."""
    for part in parts:
        for joint in _JOINT.finditer(part.text):
            request, order = part.text[: joint.start()], part.text[joint.end() :]
            if (
                min(len(request), len(order)) >= _MIN_PARTED_CHARS
                and is_standing_order(order, languages)
                and not is_standing_order(request, languages)
            ):
                yield part._replace(text=f"{request}.")
                yield part._replace(text=order[:1].upper() + order[1:])
                break
        else:
            yield part


def _join_remarks(parts: Iterable[Sentence], languages: frozenset[str]) -> list[Sentence]:
    """Return a person's sentences with those of a short paragraph joined, because parts of a remark lose its subject; orders remain
    separate.
    """
    joined: list[Sentence] = []
    for part in parts:
        previous = joined[-1] if joined else None
        if (
            previous and part.part and not part.is_item and not _is_label(part.text) and previous.heading == part.heading
            and len(previous.text) + len(part.text) < _MAX_REMARK_CHARS
            and not is_standing_order(part.text, languages) and not is_standing_order(previous.text, languages)
            and not (len(previous.text) <= _MAX_AGREEMENT_CHARS and pattern("agree", languages).match(previous.text))
        ):  # fmt: skip
            joined[-1] = previous._replace(text=f"{previous.text} {part.text}")
        else:
            joined.append(part)
    return joined


def _is_label(text: str) -> bool:
    """Whether a sentence only announces what follows: "Objectives:"."""
    return text.endswith((":", "：")) and len(text) <= _MAX_LABEL_CHARS and len(words(text)) <= _LABEL_WORDS


class _Context:
    """What the sentences of a session are compared with: the words and names of each text."""

    def __init__(self, units: Sequence[Unit], trace: Trace, rounds: dict[int, Round]) -> None:
        self.trace = trace
        self.rounds = rounds
        self.sentence_counts = Counter(unit.statement.position for unit in units)
        self.last_text: dict[str, int] = {}
        self.name_texts: dict[str, set[int]] = defaultdict(set)
        vocabulary: dict[int, set[str]] = defaultdict(set)
        for unit in units:
            position = unit.statement.position
            vocabulary[position] |= unit.stems
            self.last_text |= dict.fromkeys(unit.stems, position)
            for name in unit.names:
                self.name_texts[name].add(position)
        texts = trace.statements
        self.user_words = Counter(
            word
            for position, stems in vocabulary.items()
            if texts[position].author == "user" and len(texts[position].text) < _MAX_VOCABULARY_CHARS
            for word in stems
        )
        closings = [statement.position for statement in texts if statement.is_closing]
        self.last_closing = closings[-1] if closings else -1
        self.recent_closings = closings[-_RECENT_CLOSINGS:]
        self.closing_words = vocabulary.get(self.last_closing, set())
        self.request_words = {number: frozenset(content_words(current.request[:_REQUEST_CHARS])) for number, current in rounds.items()}


def feature_vectors(units: Sequence[Unit], trace: Trace, rounds: dict[int, Round]) -> list[list[float]]:
    """Return the vector of each unit; `FEATURES` names its places."""
    context = _Context(units, trace, rounds)
    return [_vector(unit, context) for unit in units]


def _vector(unit: Unit, context: _Context) -> list[float]:
    statement, text, stems = unit.statement, unit.text, unit.stems
    position, length = statement.position, len(text)
    current, following = context.rounds[statement.round], context.rounds.get(statement.round + 1)
    share = 1.0 / max(1, len(stems))
    user_words = context.user_words
    return [
        unit.by_user,
        statement.is_closing,
        position == context.last_closing,
        sum(closing > position for closing in context.recent_closings),
        context.trace.rounds - statement.round,
        context.trace.rounds,
        position / max(1, len(context.trace.statements)),
        context.sentence_counts[position],
        unit.sentence.position,
        len(statement.text),
        length,
        unit.size,
        unit.is_narration,
        text[:1].islower(),
        text.endswith(("?", "？")),
        text.endswith((":", "：")),
        text.count("`") / 2,
        len(unit.names),
        any(map(str.isdigit, "".join(unit.names))),
        max((len(context.name_texts[name]) for name in unit.names), default=0),
        unit.repeats,
        sum(context.last_text[word] > position for word in stems) * share,
        sum(word in user_words for word in stems) * share,
        sum(min(user_words[word], 5) for word in stems) * share,
        len(stems & context.closing_words) * share,
        -1.0 if unit.by_user else len(stems & context.request_words[statement.round]) * share,
        current.runs,
        current.edits,
        current.texts,
        len(current.request),
        -1.0 if following is None else len(following.request),
        sum(not c.isalnum() and not c.isspace() for c in text) / length,
        sum(map(str.isupper, text)) / length,
        statement.text.count("\n") if unit.by_user else 0,
    ]

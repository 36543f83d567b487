"""Finds a lost or an invented "not": a word that the evidence only denies and the line asserts, or the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from onward.llm.checks.evidence import EvidenceText, sentences
from onward.llm.checks.tokens import Word, normal, words

_BESIDE_WORDS, _SAME_CLAUSE_WORDS = 2, 3
"""Words of meaning on either side: those that identify the word, and those within which another denial counts."""
_FEWEST_SHARED, _MATCHING_SHARE = 2, 0.5
_NEED_DENIAL = re.compile(r"\b(?:yet|any ?more|anymore|at all|either|any longer)\b")
_LICENCE = re.compile(
    r"\b(?:not|no|never|nothing|none|nobody|without|cannot|if|whether|before|until|unless|un\w+|fail\w*|lack\w*|missing|refus\w*|neither|"
    r"only|too|open|pending|wait\w*|still|than|hardly|barely|asked|question\w*)\b|n't\b|\?|either .* or\b|either way"
)
_EMPHATIC = re.compile(r"\b(?:does|did|do) (?!not\b|n't\b|the\b|a\b|it\b|this\b|that\b|so\b|what\b|you\b|i\b|we\b|they\b)([a-z]{3,})\b")
_ASSERTING_OPPOSITES = re.compile(
    r"fail\w*|miss\w*|lack\w*|unabl\w*|inst\w*|avoid\w*|refus\w*|remov\w*|unle\w*|excep\w*|gagal|hanya|seul\w*"
    r"|uns?\w{3,}|only|outdat\w*|stale"
)
"""Stems that deny in another way."""
_OPEN_QUESTION = re.compile(r"\b(?:whether|see if|check if|apakah|ob)\b[^.;:?]*", re.I)
"""What a line leaves open is neither asserted nor denied."""
_RELATIVE = re.compile(r"\b(?:what|how|whether|where|which|who|that)\b[^.;:]{0,40}$")
_TRAILING_DENIAL = re.compile(r"\b(?:there (?:are|is) none|none|nothing|neither|invalid\w*|impossible|useless)\b")


class PolarityProblem(NamedTuple):
    """A word whose polarity the line changes, and the sentence of the evidence; `source` is None where the line itself shows it."""

    word: str
    source: EvidenceText | None


def find_polarity_change(text: str, cited: Iterable[EvidenceText]) -> PolarityProblem | None:
    """Return a change of polarity between *text* and the evidence that it cites; None if there is none."""
    cited = list(cited)
    bare = normal(re.sub(r"`[^`]*`|\"[^\"]*\"", " ", text))
    if (match := _NEED_DENIAL.search(bare)) and not _LICENCE.search(bare) and not any(match[0] in text.text for text in cited):
        return PolarityProblem(match[0], None)
    emphatic = _EMPHATIC.search(bare)
    is_relative = emphatic and _RELATIVE.search(bare[: emphatic.start()])
    if emphatic and not is_relative and not bare.strip().startswith("do ") and not any(emphatic[0] in text.text for text in cited):
        return PolarityProblem(emphatic[0], None)
    if _TRAILING_DENIAL.search(bare):
        return None
    return _compare(
        words(_OPEN_QUESTION.sub(" ", text)),
        list(sentences(source for source in cited if source.voice not in ("run", "edit", "git", "file"))),
    )


def _matching(
    line: Sequence[Word], evidence_sentences: Sequence[tuple[EvidenceText, tuple[Word, ...]]]
) -> list[tuple[EvidenceText, tuple[Word, ...]]]:
    """Return the sentences that say what *line* says: they share most words with it, and some at least."""
    wanted = {word.stem for word in line}
    shared = [len(wanted & {word.stem for word in sentence}) for _, sentence in evidence_sentences]
    least = max(_FEWEST_SHARED, _MATCHING_SHARE * max(shared, default=0))
    return [sentence for sentence, count in zip(evidence_sentences, shared, strict=True) if count >= least]


def _compare(line: Sequence[Word], evidence_sentences: Sequence[tuple[EvidenceText, tuple[Word, ...]]]) -> PolarityProblem | None:
    evidence_sentences = _matching(line, evidence_sentences)
    denied = frozenset(word.stem for word in line if word.is_negated)
    opposite_places = [word.place for word in line if _ASSERTING_OPPOSITES.fullmatch(word.stem)]
    for word in line:
        near_denial = any(other.is_negated for other in line if abs(other.place - word.place) <= _SAME_CLAUSE_WORDS)
        if word.stem in denied or near_denial or any(abs(place - word.place) <= _SAME_CLAUSE_WORDS for place in opposite_places):
            continue
        beside = _beside(line, word.place)
        asserted, denying, source = -1, 0, None
        for text, sentence in evidence_sentences:
            for other in sentence:
                if other.stem != word.stem:
                    continue
                common = len(beside & _beside(sentence, other.place))
                if other.is_negated and common > denying:
                    denying, source = common, text
                elif not other.is_negated:
                    asserted = max(asserted, common)
        if denying > max(0, asserted) and (denying > 1 or asserted < 0):
            return PolarityProblem(word.stem, source)
    return None


def _beside(line: Sequence[Word], place: int) -> frozenset[str]:
    return frozenset(other.stem for other in line if 0 < abs(other.place - place) <= _BESIDE_WORDS)

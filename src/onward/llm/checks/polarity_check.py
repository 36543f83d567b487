"""Finds a lost or an invented "not": a word that the evidence only denies and the line asserts, or the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from onward.llm.checks.evidence import EvidenceText, sentences
from onward.llm.checks.tokens import Word, normal, stems, words

_BESIDE_WORDS, _SAME_CLAUSE_WORDS = 2, 3
"""Words of meaning on either side: those that identify the word, and those within which another denial counts."""
_FEWEST_CHARS, _SHARED_BESIDE = 4, 2
"""The letters of a word that is only denied, and how many other words of the line its sentence must have."""
_FEWEST_SHARED, _MATCHING_SHARE = 2, 0.5
_NEED_DENIAL = re.compile(r"\b(?:yet|any ?more|anymore|at all|either|any longer|needs? be)\b")
_LONGER = re.compile(r"(?:^|(?<![^\W_])([^\W_]+)?) +longer [^\W_]+(?:s|ed)\b(?! than)")
_BEFORE_LONGER = frozenset("no any not much a an the take takes took with of for even far slightly bit lot nothing never".split())
"""Words before "longer" where it is not part of "no longer"."""
_REPLACED = re.compile(r"\breplaces: .*$", re.I)
"""What an earlier line said, which holds no more."""
_CLAUSES = re.compile(r"[.;:,](?=\s)|→|—")
_DENIED_PHRASES = (
    (re.compile(r"\b([^\W_]{4,}) not to\b"), r"\b{0} to\b"),
    (re.compile(r"[,—(-] ?not ([^\W_]{4,})"), r"[,—(-] ?{0}\b"),
    (re.compile(r"\bnot (currently [^\W_]{4,}|logged in)\b"), r"(?<!not ){0}\b"),
    (re.compile(r"(?:\b(?:is|are|was|were)|'s) not ((?:an? |the )[^\W_]{4,})"), r"\b(?:is|are|was|were) {0}\b"),
)
"""Phrases with a "not" and, for what follows or precedes it, what they are without: "prefer not to", ", not derived"."""
_REPEATED_PLACE = re.compile(r"\b(to|from|on|in|by|with|for|off)( [^\W_][^,;.:()→—]{1,50}), (?:\1|on) [^,;.:()→—]+(?=[.;:→]|$)")
"""Two places side by side without a word that joins them: a "not" between them is lost."""
_RELATIVE_CLAUSE = re.compile(r"\b(?:which|who|that|where|what|how)\b[^,.;:]*$")
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


def find_polarity_change(text: str, cited: Iterable[EvidenceText], *, is_claim: bool = True) -> PolarityProblem | None:
    """Return a change of polarity between *text* and the evidence that it cites; None if there is none. A line that *is_claim* says that
    something is so, and not only where something is or that something did not work.
    """
    cited = list(cited)
    text = _REPLACED.sub("", text)
    bare = normal(re.sub(r"`[^`]*`|\"[^\"]*\"", " ", text))
    for clause in _CLAUSES.split(bare):
        if (match := _NEED_DENIAL.search(clause)) and not _LICENCE.search(clause) and not _is_said(clause.strip(), cited):
            return PolarityProblem(match[0], None)
        longer = _LONGER.search(clause)
        if longer and (longer[1] or "") not in _BEFORE_LONGER and not _is_said(longer[0].strip(), cited):
            return PolarityProblem("longer", None)
    match = _REPEATED_PLACE.search(bare)
    if match and not _RELATIVE_CLAUSE.search(bare[: match.start()]) and not any(match[0] in text.text for text in cited):
        return PolarityProblem(match[2], None)
    emphatic = _EMPHATIC.search(bare)
    is_relative = emphatic and _RELATIVE.search(bare[: emphatic.start()])
    if emphatic and not is_relative and not bare.strip().startswith("do ") and not any(emphatic[0] in text.text for text in cited):
        return PolarityProblem(emphatic[0], None)
    if change := _find_lost_word(normal(text).replace('"', ""), cited):
        return change
    if not is_claim or _TRAILING_DENIAL.search(bare):
        return None
    line = words(_OPEN_QUESTION.sub(" ", text))
    all_sentences = list(sentences(cited))
    spoken = [sentence for sentence in all_sentences if sentence[0].voice not in ("run", "edit", "git", "file")]
    return _compare(line, spoken) or _find_always_denied(line, all_sentences)


def _is_said(phrase: str, cited: Iterable[EvidenceText]) -> bool:
    """Whether the evidence has *phrase* as it is, without a denial before it."""
    pattern = re.compile(rf"(?<!not )(?<!n't )(?<!no ){re.escape(phrase)}")
    return any(pattern.search(source.text) for source in cited)


def _find_always_denied(
    line: Sequence[Word], evidence_sentences: Sequence[tuple[EvidenceText, tuple[Word, ...]]]
) -> PolarityProblem | None:
    """Return a word that the line asserts and the evidence only has right after a denial, in a sentence with other words of the line."""
    wanted = {word.stem for word in line}
    denials = [word.place for word in line if word.is_negated or _ASSERTING_OPPOSITES.fullmatch(word.stem)]
    for word in line:
        if len(word.stem) < _FEWEST_CHARS or any(abs(place - word.place) <= _SAME_CLAUSE_WORDS for place in denials):
            continue
        places = [(source, sentence, other) for source, sentence in evidence_sentences for other in sentence if other.stem == word.stem]
        if not places or not all(other.is_negated for _, _, other in places):
            continue
        for source, sentence, other in places:
            before = next((near for near in sentence if near.place == other.place - 1), None)
            is_first = before is None or not before.is_negated
            if is_first and len(wanted & {near.stem for near in sentence}) > _SHARED_BESIDE:
                return PolarityProblem(word.stem, source)
    return None


def _find_lost_word(text: str, cited: Sequence[EvidenceText]) -> PolarityProblem | None:
    """Return a phrase of the evidence that the line has without the "not" in it, and the evidence never has so."""
    line_stems = stems(text)
    for source in cited:
        if len(stems(source.text) & line_stems) < _FEWEST_SHARED:
            continue
        plain = source.text.replace('"', "")
        for denied, form in _DENIED_PHRASES:
            for match in denied.finditer(plain):
                asserted = re.compile(form.format(re.escape(match[1])))
                if asserted.search(text) and match[0] not in text and not any(asserted.search(other.text) for other in cited):
                    return PolarityProblem(match[1], source)
    return None


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

"""Standing orders of a person, distinguished from one-off requests by their scope and object, not by modal verbs.

"The save button must be blue" is a request. "From now on use pnpm", "don't touch the legacy folder" and "I prefer short commits" are rules:
they say always or never, or say how to work.
"""

from __future__ import annotations

import re
from functools import lru_cache

from onward.core.extract.phrases import PhraseGroup, pattern
from onward.core.text.languages import languages_of

_MAX_CHARS = 300
_CLAUSE_END = re.compile(r"[,;:.!—]\s+|[，；：、。！]\s*|\s[–-]\s")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_ASSURANCE = re.compile(
    r"\b(?:make sure|ensure|pastikan|stell\w* sicher|assure-toi|assurez-vous|asegúrate|asegúrese|certifique-se|garanta|assicurati|убедись|"
    r"đảm bảo|emin ol)\b|确保|ようにして|확인해|تأكد",
    re.I,
)
"""An order to ensure a state, which is a rule only if it is about the work itself: "make sure the list always keeps its order"."""
_PARENTHESIS = re.compile(r"[(（][^)）]*[)）]")
"""A remark in brackets, whose scope is not the order's: "put it back (by default it is off)"."""
_UNSPACED = frozenset(("zh",))
"""Languages without blanks, in which an order may begin after any word."""
_PROHIBITION_WORDS = frozenset(("jangan",))
_ADVERBS = frozenset("selalu toujours jamais sempre nunca siempre".split())
"""Words for always and never right after an order's verb ("passe toujours par"); later in a clause they only describe."""
_AMBIGUOUS_WORDS = frozenset("always never".split())
_DEMAND_OPENINGS = frozenset("please also and but or then so you we should must shall".split()) | {""}
"""Words before "always" or "never" in an order. After any other word they may describe: "the callback is never reached"."""
_OBSERVATION_OPENINGS = frozenset(
    "is are was were be been has have had it they which will would almost still i he she this that to".split()
)
_TELLING_CONJUNCTIONS = frozenset("if because since when although".split())
_PLACE_WORDS = frozenset("to into onto for from when".split())
"""Words after a verb or "only" that limit an order to one act or detail: "write to the same file twice", "only for the results"."""
_PRONOUNS = frozenset("i we you they he she it".split())
"""Words before "never" in a description, and what may come between: "if we never wrote it"."""
_STATES = frozenset("is are was were has had".split())
"""Verbs after which "never" with a participle describes a state: "it is created but never used"."""
_NARRATIVE_OPENINGS = frozenset("this that it when if because since still as he she they".split())
_SHORT_ORDER_WORDS = 12
"""A plain statement counts as an order up to this many words: "prices never are floats"."""
_MODAL_WORDS = frozenset("should must shall".split())
"""Before "always be" they demand a state, which is a rule only of the work itself: "the button should always be visible" is a request."""
_ARTICLES = frozenset(
    "a an the this that these those my your der die das den dem des ein eine einen einem diese dieser dieses diesen".split()
)
_ARTICLE_LANGUAGES = frozenset(("en", "de"))
"""Languages in which a noun without an article is general: "keep functions short", but "run the tests"."""
_ACTS = frozenset("run commit put name remember ensure sure".split())
"""Verbs that order a single act: "commit current work" is no rule, "write small commits" is."""
_ENGLISH_WORDS = frozenset("the and to is of it that for this with not you use".split())
_POINTS_AT_WORK = re.compile(
    r"\b(?:in|for|on|from|with) (?:those|these) \w+|"
    r"\b(?:in|bei|für|mit) (?:diese[nmr]?|jene[nmr]?) (?!projekt|repo)\w+|\b(?:dans|pour|sur|avec) (?:ces|cette|cet|ce) (?!projet|dépôt)\w+|"
    r"\b(?:en|para|con) (?:es[ao]s?|est[ao]s?|este|ese) (?!proyecto|repo)\w+|"
    r"\b(?:n[ae]sses?|n[ae]ssas?|n[ae]stes?|n[ae]stas?|para ess[ae]s) (?!projeto|repo)\w+|\b(?:in|per|con) quest[oaei] (?!progetto|repo)\w+|"
    r"\b(?:в|для|у) (?:этих|тех|этом|этой|цих|тих|цьому) (?!проект|проєкт|репо)\w+|\b(?:di|untuk) (?!proyek|repo)\w+ (?:itu|tersebut)\b|"
    r"\b(?:trong|cho) (?:các |những )?(?!dự án)\w+ (?:này|đó|kia)\b|\b(?:bu|şu) (?!proje|depo)\w+(?:lerde|larda|de|da|te|ta)\b|"
    r"(?:这|那)些[^，。]{1,8}(?:里|中|上)|(?:これら|それら|あれら)の[^、。]{1,12}(?:では|には)|(?:이|그|저) [^ ,.]{1,8}들에(?:서|는)|"
    r"(?:في|من) (?:هذه|تلك)(?! المشروع)",
    re.I,
)
"""Words that refer to the present work: "not in those tests"."""
_ASKED_CLAUSE = re.compile(r"[吗嗎](?=[，,；;。])|(?:ます|です|でしょう)か(?=[、。])|(?:까요|나요|ㄹ까)(?=[,.])|\?(?=[\s,])|؟(?=\s)")
"""The end of a question inside a sentence: "can it be lower, and do not scroll"."""
_OUTPUT_LINE = re.compile(r"[^:：]{1,60}[:：]\s*(?:~?/|[A-Za-z]:\\|https?://)\S+")
"""A line that a program printed: what it did, and only a path or an address: "Keeping test repo at: /tmp/x"."""
_OBJECT_WORDS = 4
"""The object of an order is among this many words after its verb."""


@lru_cache(maxsize=4096)
def is_standing_order(text: str, languages: frozenset[str]) -> bool:
    """Return whether a person's sentence is an order for good: it says always or never, names a scope ("every commit"), or says how to
    work.
    """
    text = text.strip()
    if not text or len(text) > _MAX_CHARS or text.endswith(("?", "？")) or pattern("withdraw", languages).match(text):
        return False
    languages = _languages_in(text, languages)
    clauses = [clause for clause in _CLAUSE_END.split(text) if clause]
    if any(pattern("lasting", languages).match(clause) for clause in clauses):
        return True
    if pattern("temporary", languages).search(text):
        return False
    if _is_universal(text, languages):
        return True
    if _OUTPUT_LINE.fullmatch(text) or _ASKED_CLAUSE.search(text):
        return False
    parts = [_PARENTHESIS.sub("", part) for part in _SENTENCE_END.split(text)]
    if any(pattern("scope", languages).search(part) and _opens_order(part, languages) for part in parts):
        return True
    if _POINTS_AT_WORK.search(text):
        return False
    prohibitions = [clause for clause in clauses if _forbids(clause, languages)]
    habits = [clause for clause in clauses if pattern("habit", languages).match(clause)]
    demands = [clause for clause in clauses if pattern("prefer", languages).match(clause)]
    return any(pattern("object", languages).search(clause) for clause in (*prohibitions, *habits)) or any(
        _orders_manner(clause, languages) for clause in demands
    )


def _opens_order(sentence: str, languages: frozenset[str]) -> bool:
    """Whether a clause of *sentence* begins with a prohibition, a habit or a demand."""
    groups: tuple[PhraseGroup, ...] = ("habit", "prefer")
    if _ASSURANCE.search(sentence) and not pattern("object", languages).search(sentence):
        return False
    return any(
        _forbids(clause, languages) or any(pattern(group, languages).match(clause) for group in groups)
        for clause in _CLAUSE_END.split(sentence) if clause
    )  # fmt: skip


def _languages_in(text: str, languages: frozenset[str]) -> frozenset[str]:
    """Return *languages* and the language of *text*, because single sentences may be in another language than the session."""
    if not _ENGLISH_WORDS.isdisjoint(text.lower().split()):
        return languages
    return languages | languages_of((text,))


def _forbids(clause: str, languages: frozenset[str]) -> bool:
    """Whether *clause* begins with a prohibition; in scripts without blanks, whether it contains one."""
    unspaced = languages & _UNSPACED
    return pattern("forbid", languages).match(clause) is not None or (
        bool(unspaced) and pattern("forbid", unspaced).search(clause) is not None
    )


def _orders_manner(clause: str, languages: frozenset[str]) -> bool:
    """Whether a clause that begins like an order says how to do all work: in which language, or with things of a kind in general."""
    if pattern("manner", languages).search(clause):
        return True
    order = pattern("prefer", languages & _ARTICLE_LANGUAGES).match(clause)
    if not order:
        return False
    if order.group().lower().split()[-1] in _ACTS:
        return False
    following = clause[order.end() :].split()[:_OBJECT_WORDS]
    if not _PLACE_WORDS.isdisjoint(following[:1]):
        return False
    return _ARTICLES.isdisjoint(map(str.lower, following)) and any(
        pattern("object", languages & _ARTICLE_LANGUAGES).fullmatch(word.strip(".,;:")) for word in following
    )


def _is_universal(text: str, languages: frozenset[str]) -> bool:
    """Return whether *text* demands something always or never. Observations and requests about a product's behaviour do not count."""
    tokens = text.lower().replace(",", " ").split()
    if not _PROHIBITION_WORDS.isdisjoint(tokens) or not _ADVERBS.isdisjoint(tokens[:2]):
        return True
    if _AMBIGUOUS_WORDS.isdisjoint(tokens):
        return False
    is_request = pattern("want", languages).match(text) is not None
    is_plain = len(tokens) <= _SHORT_ORDER_WORDS and tokens[0] not in _NARRATIVE_OPENINGS and not is_request
    is_of_work = pattern("object", _ARTICLE_LANGUAGES).search(text) is not None
    return any(
        previous in _DEMAND_OPENINGS or previous.endswith((".", "!", ";", ":", "-")) or (is_plain and previous not in _OBSERVATION_OPENINGS)
        for place, (previous, word, following) in enumerate(zip(("", *tokens), tokens, (*tokens[1:], ""), strict=False))
        if word in _AMBIGUOUS_WORDS
        and (is_of_work or not (word == "always" and previous in _MODAL_WORDS and following == "be"))
        and not (previous in _PRONOUNS and not _TELLING_CONJUNCTIONS.isdisjoint(tokens[max(0, place - 2) : place]))
        and not (following.strip(".!").endswith(("ed", "en")) and not _STATES.isdisjoint(tokens[:place]))
    )

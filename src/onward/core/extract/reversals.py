"""Old values that a clause says are replaced, by phrases of each language.

Only a value that the text names is retired ("instead of X", "switched from X to Y"). A change of mind that does not name the old value
retires nothing.
"""

from __future__ import annotations

import re
from functools import cache

from onward.core.text.prose import STOPWORDS

_OLD = r"[`\"']?([\w./:@#+-]+(?: [\w./:@#+-]+){0,2}?)[`\"']?"
_NAME = r"[`\"'「『]?([A-Za-z][\w./:@#+-]*)[`\"'」』]?"
"""A name in Latin letters, as written in scripts without blanks or before a postposition."""
_CHANGING = r"mov(?:e|ed|ing)|migrat\w+|switch\w*|chang\w+|renam\w+|bump\w*|upgrad\w+|updat\w+|ganti|mengganti|diganti|ubah|mengubah|diubah"
_PHRASINGS = (
    (
        r"\b(?:instead of|rather than|in place of)(?: using| the| a)? ([^,.;:()\n]{2,60}?)(?=[,;:()\n]|\.(?:\s|$)| (?:and|because|so|since|we|it|"
        r"is|was|from|for|please|anymore)\b|$)"
    ),
    rf"\b(?:replac\w+|swap\w*)(?: the| our)? {_OLD} (?:with|by|for)\b",
    rf"\b(?:switch\w*|mov\w+|migrat\w+|chang\w+|renam\w+)(?: it| them| over)?(?: from)?(?: the)? {_OLD} (?:to|into|→|->)(?=\s)",
    rf"\b(?:{_CHANGING})\b[^.;\n]{{0,40}}? (?:from|dari) (?:the )?{_OLD} (?:to|into|ke|jadi|menjadi|→|->)(?=\s)",
    rf"\b(?:no longer|not)(?: use| uses| using| need| needs) {_OLD}(?=[\s,.;:)]|$)",
    rf"\b{_OLD} (?:is|are|was|were) (?:no longer|not) (?:appropriate|needed|used|required|valid|correct|wanted|an option|supported)\b",
    rf"\b(?:ganti|mengganti|diganti|ubah|mengubah|diubah)(?: dari)? {_OLD} (?:jadi|dengan|ke|pakai|menjadi)\b",
    rf"\b(?:tidak|ga|gak|nggak) (?:jadi|lagi) (?:pakai|pake|menggunakan) {_OLD}(?=[\s,.;:)]|$)",
    (
        r"\b(?:au lieu de|plutôt que(?: de)?|en lugar de|en vez de|em vez de|no lugar de|invece di|al posto di|anstelle von|anstatt|statt|"
        rf"вместо|thay vì|thay cho|daripada|alih-alih) (?:usar |utilizar |utiliser |usare |dùng |pakai )?{_OLD}(?=[\s,.;:)]|$)"
    ),
    rf"\b(?:von|de|da|dari|с|từ) {_OLD} (?:auf|zu|nach|à|vers|a|para|ke|на|sang) [\w.+#-]+ (?:um|gewechselt|umgestellt|wechseln)\b",
    r"\b([\w.+#-]+) yerine\b",
)
_FOREIGN_PHRASINGS = (
    rf"{_NAME} ?(?:の代わりに|ではなく|をやめて|대신|말고)",
    rf"(?:而不是|不再(?:使用|用)|别再用|不要再用|放弃|بدلا من|بدلاً من|عوضا عن) ?{_NAME}",
    rf"从 ?{_NAME} ?(?:换成|改成|切换到|迁移到|换到|改用)",
)
"""Phrases that an ASCII text cannot contain."""
_HINTS = (
    "instead", "rather", "in place", "replac", "swap", "switch", "mov", "migrat", "chang", "renam", "bump", "upgrad", "updat", "no longer",
    " not ", "ganti", "ubah", "tidak", "gak ", "ga ", "lieu", "plutôt", "lugar", "vez de", "invece", "posto", "anstelle", "statt", "вместо",
    "thay", "daripada", "alih", " um", "gewechselt", "yerine", "代わり", "ではなく", "やめ", "대신", "말고", "而不是", "不再", "别再", "不要", "放弃",
    "بدل", "عوضا", "从",
)  # fmt: skip
"""A text without any of these matches no phrase, so that most sentences need only a few substring searches."""
_DISMISSALS = (
    (
        r"(?:^|[.;,!] |\b(?:and|then|please|now|so) )(?:drop|ditch|get rid of|stop using|do(?: not|n't) use|no more|remove)"
        rf"(?: the| our)? {_OLD}(?= (?:any ?more|any|again|at all|please|now|completely|entirely|from)\b|[,.;:)!]|$)"
    ),
    rf"(?:^|[.;,!] )no {_OLD}(?=[,.;:)!]|$)",
    (
        r"\b(?:schmei(?:ß|ss)\w*|entfern\w+|kein(?:e|en)?|sans|plus de|sin|sem|senza|hapus|buang|jangan pakai|không dùng|без|убери) "
        rf"{_OLD}(?=[,.;:)!]|$| (?:raus|mehr)\b)"
    ),
    r"\b([\w.+#-]+) kullanma\b",
)
"""How a person dismisses a value without naming its successor."""
_FOREIGN_DISMISSALS = (
    rf"(?:不要用|不用|别用|去掉|移除|删掉) ?{_NAME}",
    rf"{_NAME} ?(?:は使わない|を(?:削除|外して|やめ)|쓰지 ?마|사용하지 ?마)",
)


@cache
def _patterns(*, by_user: bool, is_ascii: bool) -> tuple[re.Pattern[str], ...]:
    phrasings = _PHRASINGS + (_DISMISSALS if by_user else ())
    if not is_ascii:
        phrasings += _FOREIGN_PHRASINGS + (_FOREIGN_DISMISSALS if by_user else ())
    return tuple(re.compile(p, re.I) for p in phrasings)


@cache
def _change_pattern() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_CHANGING})\b[^.;\n]{{0,40}} (?:from|dari) ", re.I)


def changes_value(text: str) -> bool:
    """Return whether *text* mentions a change from one value to another."""
    return (" from " in text or " dari " in text) and _change_pattern().search(text) is not None


def retired_values(text: str, *, by_user: bool = False) -> tuple[str, ...]:
    """Return the old values that *text* says are replaced, in its order; in a person's text also those they dismiss ("drop X")."""
    lower = text.lower()
    if not by_user and not any(hint in lower for hint in _HINTS):
        return ()
    patterns = _patterns(by_user=by_user, is_ascii=text.isascii())
    values = (match.group(1).strip(".,;:`\"' ") for pattern in patterns for match in pattern.finditer(text))
    return tuple(dict.fromkeys(old for old in values if any(len(w) > 2 and w.lower() not in STOPWORDS for w in old.split())))

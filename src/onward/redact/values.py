"""Tells a secret from a stand-in: a variable, a word, a type, a piece of code."""

from __future__ import annotations

import re
from functools import cache

_COMMON_VALUES = frozenset(
    "password passwd pass pwd passphrase secret secrets token key apikey user username admin root changeme change_me "
    "change-me example sample test testing none null nil undefined true false string str bytes number int optional required "
    "any object redacted masked hidden default postgres mysql guest".split()
)

_AWS_SECRET_LENGTH = 40
_JUDGED_CHARS = 128
"""The characters of a value that are judged; the rest of a longer value is more of the same."""


@cache
def _reference() -> re.Pattern[str]:
    return re.compile(
        r"[$<{%\[*]"
        r"|(?:mock|fake|test|dummy|sample|demo|example|invalid|wrong|my)[-_]"
        r"|(?:process|import\.meta|os|sys|self|this|config|settings|env|environ|secrets?"
        r"|req|request|ctx|args|options|opts|props|data|res|response)[.\[?]"
        r"|[\w.$]++\(|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|sha(?:1|256|384|512)[-:]|[a-z][a-z0-9+.-]*://|\.{1,2}/|~/|/[\w.-]+/"
    )


def is_stand_in(value: str) -> bool:
    """Return whether *value* names, masks or exemplifies a secret rather than being one."""
    lowered = value[:_JUDGED_CHARS].lower()
    return lowered in _COMMON_VALUES or _reference().match(lowered) is not None or _stand_in_mark().search(lowered) is not None


def has_digit(value: str) -> bool:
    """Return whether *value* contains a digit."""
    return _digit().search(value) is not None


@cache
def _stand_in_mark() -> re.Pattern[str]:
    """Marks of a value that only shows where a secret goes."""
    return re.compile(r"<|>|\$\{|\{\{|\.\.\.|…|\*\*\*|xxx|example|placeholder|redacted|change[-_]?me|your[-_]|[-_]here\b")


@cache
def _digit() -> re.Pattern[str]:
    return re.compile(r"\d")


@cache
def _random_base64() -> re.Pattern[str]:
    return re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9+/]+$")


@cache
def _name_or_number() -> re.Pattern[str]:
    """Names (words, dots and a digit or two) and numbers with or without a unit."""
    return re.compile(r"[A-Za-z_$@-][A-Za-z_$.:/@?!=-]*[0-9]{0,2}[A-Za-z_$.:/@?!=-]*$|[0-9][0-9.,_:/-]*[a-zA-Z]{0,2}$")


def is_password(value: str, *, in_env: bool) -> bool:
    """Return whether *value*, assigned to a password, is one. In an environment file (*in_env*) plain words are passwords too."""
    if len(value) < 6 or is_stand_in(value):
        return False
    if in_env:
        return len(value) >= 10 or not value.isalpha()
    head = value[:_JUDGED_CHARS]
    return has_digit(head) or not head.replace("_", "a").replace("-", "a").replace(".", "a").isalnum()


def is_key(value: str, *, quoted: bool, in_env: bool) -> bool:
    """Return whether *value*, assigned to a key, token or secret, is one.

    Names and numbers are not, unless an environment file (*in_env*) assigns them.
    """
    head = value[:_JUDGED_CHARS]
    if not has_digit(head):
        return False
    if len(value) == _AWS_SECRET_LENGTH and _random_base64().match(value):
        return True
    if len(value) < (10 if in_env else 12 if quoted else 16) or is_stand_in(value):
        return False
    return in_env or not _name_or_number().match(head)

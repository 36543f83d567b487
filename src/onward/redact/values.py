"""Distinguishes a secret from a placeholder (a variable, a word, a type, a piece of code), and random characters from words."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

_COMMON_VALUES = frozenset(
    "password passwd pass pwd passphrase secret secrets token key apikey user username admin root changeme change_me change-me "
    "example sample test testing none null nil undefined true false string str bytes number int optional required any object "
    "redacted masked hidden default postgres mysql guest".split()
)
_COMMON_BIGRAMS = frozenset(
    "ab ac ad ag ai ak al am an ap ar as at au ay ba be bi bl bo bu ca cc ce ch ci ck cl co cr ct cu da de di dl do ds ea "
    "ec ed ee ef ei el em en ep er es et ev ew ex fa fe ff fi fo ga ge gh gi gn gr gs ha he hi ho ht ia ic id ie if ig il "
    "im in io ip ir is it iv je ka ke ki ks la ld le li ll lo ls lt lu ly ma mb me mi mo mp na nc nd ne ng ni nk no ns nt "
    "nu ny ob oc od of og ok ol om on oo op or os ot ou ov ow pa pe pi pl po pp pr pt pu qu ra rc rd re rg ri rk rm rn ro "
    "rr rs rt ru rv ry sa sc se sh si so sp ss st su ta tc te th ti to tr ts tt tu ty ue ul um un up ur us ut va ve vi wa "
    "we wi wo xt ya".split()
)
"""Nine in ten pairs of letters in English and Indonesian words and names are one of these; three in ten of random pairs."""

_AWS_SECRET_LENGTH = 40
_JUDGED_CHARS = 128
"""The characters of a value that are judged; the rest of a longer value is more of the same."""


@cache
def _reference() -> re.Pattern[str]:
    return re.compile(
        r"[$<%\[*]|\{\{|arn:|#[0-9a-f]{3,8}$|[a-z]+[?!]$"
        r"|(?:mock|fake|test|dummy|sample|demo|example|invalid|wrong|my)[-_]"
        r"|(?:process|import\.meta|os|sys|self|this|config|settings|env|environ|secrets?"
        r"|req|request|ctx|args|options|opts|props|data|res|response)[.\[?]"
        r"|[\w.$]++\((?:[^()]{0,40}\)|[^()]{60})|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|sha(?:1|256|384|512)[-:]|[a-z][a-z0-9+.-]*://|\.{1,2}/|~/|/[\w.-]+/"
    )


def is_stand_in(value: str) -> bool:
    """Return whether *value* names, masks or exemplifies a secret rather than being one."""
    lowered = value[:_JUDGED_CHARS].lower()
    return (
        lowered in _COMMON_VALUES
        or _reference().match(lowered) is not None
        or _stand_in_mark().search(lowered) is not None
        or _constant_or_mask().match(value[:_JUDGED_CHARS]) is not None
    )


@cache
def _constant_or_mask() -> re.Pattern[str]:
    """A constant's name in capitals, marks alone, one character again and again, and ranges of a regular expression."""
    return re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|[^A-Za-z0-9]+$|.*(.)\1{5}|.*(?:A-Z|a-z|0-9)")


def is_dotted_name(value: str) -> bool:
    """Return whether *value* is a name in a module or an object, as in `base64.b16encode`."""
    return "." in value and _dotted_name().match(value) is not None and mixing(value) < _MOST_MIXED_NAME


_MOST_MIXED_NAME = 0.4


@cache
def _dotted_name() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")


def has_digit(value: str) -> bool:
    """Return whether *value* contains a digit."""
    return _digit().search(value) is not None


@cache
def _stand_in_mark() -> re.Pattern[str]:
    """Marks of a value that only shows where a secret goes."""
    return re.compile(
        r"^<|<[\w .-]+>|&(?:lt|#x?3c|#60);|\$\{|\{\{|\{\w+(?:![rs])?\}?$|\.\.\.|…|\*\*\*|xxx|example|placeholder|redacted|change[-_]?(?:me|this|it)|replace[-_]|insert[-_]|your[-_]|[-_]here\b"
        r"|[-_](?:password|secret|token)[-_]\d{0,4}$"
        r"|^(?:my|your|the|some|new|old)[-_]?(?:super)?[-_]?(?:password|secret|token|key)\d{0,4}$"
    )


@cache
def _digit() -> re.Pattern[str]:
    return re.compile(r"\d")


@cache
def _hex() -> re.Pattern[str]:
    return re.compile(r"(?=(?:[a-f-]*[0-9]){4})(?:[0-9a-f-]{16,}|[0-9A-F-]{16,})$")


@cache
def _letters() -> re.Pattern[str]:
    return re.compile(r"[a-z]+")


@cache
def _random_base64() -> re.Pattern[str]:
    return re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9+/]+$")


@cache
def _name_or_number() -> re.Pattern[str]:
    """Names (words, dots and a digit or two) and numbers with or without a unit."""
    return re.compile(r"[A-Za-z_$@-][A-Za-z_$.:/@?!=-]*[0-9]{0,2}[A-Za-z_$.:/@?!=-]*$|[0-9][0-9.,_:/-]*[a-zA-Z]{0,2}$")


def _character_class(character: str) -> int:
    return 0 if character.islower() else 1 if character.isupper() else 2 if character.isdigit() else 3


def mixing(value: str) -> float:
    """Return the share of neighbouring characters of different classes (lower, upper, digit, mark): words 0.1 to 0.3, random ones 0.6."""
    classes = [_character_class(character) for character in value[:_JUDGED_CHARS]]
    return sum(first != second for first, second in pairwise(classes)) / max(1, len(classes) - 1)


def wordiness(value: str) -> float:
    """Return the share of common pairs among the neighbouring letters of *value*; 0 without any pair."""
    pairs = [
        letters[start : start + 2] for letters in _letters().findall(value[:_JUDGED_CHARS].lower()) for start in range(len(letters) - 1)
    ]
    return sum(pair in _COMMON_BIGRAMS for pair in pairs) / len(pairs) if pairs else 0.0


def is_random(value: str) -> bool:
    """Return whether *value*, of eight characters at least, looks like random characters rather than words, a name or a number."""
    head = value[:_JUDGED_CHARS]
    if len(head) < 8:
        return False
    if head.isalpha():
        return is_random_letters(head)
    if not has_digit(head) or not any(map(str.isalpha, head)):
        return False
    if _hex().match(head):
        return True
    if _slug().match(head) and wordiness(head) >= _LEAST_WORDY_SLUG:
        return False
    mixed = mixing(head)
    if head.islower() or head.isupper():
        return mixed >= 0.38 or (mixed >= 0.22 and wordiness(head) < 0.75)
    return mixed >= 0.38 or (mixed >= 0.28 and wordiness(head) < 0.6)


_LEAST_WORDY_SLUG = 0.6


@cache
def _slug() -> re.Pattern[str]:
    """Words and numbers with separators between them."""
    return re.compile(r"(?:[a-z]+|\d{1,4})(?:[-_.](?:[a-z]+|\d{1,4}))+$")


def is_random_letters(value: str) -> bool:
    """Return whether *value*, of letters alone, looks random by its pairs and its changes of case."""
    if len(value) < 10:
        return False
    pairs = wordiness(value)
    most = 0.6 if len(value) >= 16 else 0.5
    if value.islower() or value.isupper():
        return pairs < most
    return pairs < max(most, 0.56) or (mixing(value) >= 0.4 and pairs < 0.75)


def is_password(value: str, *, in_env: bool, is_quoted: bool = False) -> bool:
    """Return whether *value*, assigned to a password, is one. In an environment file (*in_env*) plain words are passwords too."""
    if len(value) < 6 or is_stand_in(value):
        return False
    if in_env:
        return len(value) >= 10 or not value.isalpha()
    head = value[:_JUDGED_CHARS]
    if head.isalpha():
        return is_random_letters(head) or (is_quoted and len(head) >= 8 and wordiness(head) < 0.3)
    if _letter_groups().match(head):
        return wordiness(head) < 0.6
    return has_digit(head) or not head.replace("_", "a").replace("-", "a").replace(".", "a").isalnum()


def is_key(value: str, *, is_quoted: bool, in_env: bool) -> bool:
    """Return whether *value*, assigned to a key, token or secret, is one.

    Names and numbers are not, unless an environment file (*in_env*) assigns them.
    """
    head = value[:_JUDGED_CHARS]
    least = 10 if in_env else 12 if is_quoted or (head.isalnum() and mixing(head) >= 0.4) else 16
    if len(value) < least or is_stand_in(value):
        is_base64 = len(value) == _AWS_SECRET_LENGTH and _random_base64().match(value) is not None
        return is_base64 and not _stand_in_mark().search(value.lower())
    if not has_digit(head):
        return is_random_letters(head.replace("_", "").replace("-", "")) and _letters_only().match(head) is not None
    return (
        in_env
        or not _name_or_number().match(head)
        or _is_mixed(head)
        or (head.isalnum() and is_random_letters("".join(filter(str.isalpha, head))))
    )


def _is_mixed(value: str) -> bool:
    """Return whether *value*, which is made like a name, mixes cases and digits as no name does."""
    return not value.islower() and not value.isupper() and mixing(value) >= _LEAST_MIXED and wordiness(value) < _MOST_WORDY


_LEAST_MIXED = 0.42
_MOST_WORDY = 0.65


@cache
def _letters_only() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z+/_=-]+$")


def is_strong_password(value: str) -> bool:
    """Return whether *value* looks like a password wherever it is: marks, digits and both cases, mixed."""
    return (
        6 <= len(value) <= 64
        and has_digit(value)
        and (mixing(value) >= 0.42 or _has_all_classes(value))
        and not is_stand_in(value)
        and len(set(map(_character_class, value))) >= 3
        and (not value.isalnum() or (mixing(value) >= 0.5 and wordiness(value) < 0.6))
        and (any(map(str.isupper, value)) or _strong_mark().search(value) is not None)
        and not _path_or_version().search(value)
    )


def _has_all_classes(value: str) -> bool:
    """Return whether *value* has characters of every class in no order that words, names or versions have."""
    return len(value) >= 10 and len(set(map(_character_class, value))) == len(_CLASSES) and mixing(value) >= 0.27 and wordiness(value) < 0.4


_CLASSES = ("lower", "upper", "digit", "mark")


def is_distinct_password(value: str) -> bool:
    """Return whether *value* is a strong password and not made like a slug, as names of pods, containers and style classes are."""
    return is_strong_password(value) and (any(map(str.isupper, value)) or _special_mark().search(value) is not None)


def is_likely_password(value: str) -> bool:
    """Return whether *value* may be a password where the words before it announce one."""
    return (
        6 <= len(value) <= 64
        and not is_stand_in(value)
        and not _path_or_version().search(value)
        and (is_random_letters(value) if value.isalpha() else has_digit(value) and any(map(str.isalpha, value)))
    )


def is_long_random(value: str) -> bool:
    """Return whether *value* is so long and random that it is a password in any sentence about one: no address, path or variable is."""
    return len(value) >= 20 and is_random(value) and not is_stand_in(value) and not _path_or_version().search(value)


@cache
def _letter_groups() -> re.Pattern[str]:
    """The form of passwords for applications: four groups of four letters."""
    return re.compile(r"[a-z]{4}(?:[- ][a-z]{4}){3}$")


@cache
def _special_mark() -> re.Pattern[str]:
    return re.compile(r"[!#$%&*^~@+?]")


@cache
def _strong_mark() -> re.Pattern[str]:
    """What no plain name of lower-case words has."""
    return re.compile(r"[^\w.-]|\d\D*\d\D*\d")


@cache
def _path_or_version() -> re.Pattern[str]:
    extensions = (
        "py|js|ts|[jt]sx|mjs|md|json|ya?ml|toml|txt|html?|css|go|rs|java|rb|php|cp*|h|cs|sh|sql|log|env|lock|cfg|ini|xml|svg|png|jpe?g|pdf|"
        "com|org|net|io|dev|app|local|example|conf|vue|kt|swift"
    )
    return re.compile(
        r"^v?\d+(?:[.,:/-]\d+)*[a-z]{0,2}$|^v?\d+\.\d+|/|\\|\.(?:" + extensions + r")(?::\d+)*$"
        r"|^[a-z]{3,}[-_][a-z]{3,}|^[a-z][\w.]*=|^\d{4}-\d\d-\d\d|^iso-\d|^#[0-9a-fA-F]{3,8}$|\(\)|://|^\d+[+%]$"
    )

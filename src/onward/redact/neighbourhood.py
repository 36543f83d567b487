"""Values that look like nothing but a secret, on the line of a telling word: whatever the syntax between the two.

The other judges know how a name and its value are written. This one knows only the neighbourhood, and asks more of the value: characters
so mixed that no name, path, version, hash or id is made like it.
"""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import PLACEHOLDER_HEAD, Secret
from onward.redact.values import (
    has_digit,
    is_distinct_password,
    is_long_random,
    is_random,
    is_stand_in,
    is_strong_password,
    mixing,
    wordiness,
)

_BEHIND_CHARS = 160
_BEFORE_CHARS = 80
_LEAST_CHARS = 8
_LONGEST_HEAD = 60
_CALL = ("(", "[")
"""What follows a name in code."""


class Neighbourhood:
    """Finds the unmistakable values of one text around telling words. Ask about the words in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._searched_to = 0

    def find(self, position: int, end: int) -> Secret | None:
        """Return the value behind the word *text[position:end]* on its line, the one alone on the next, or the one right before it."""
        text = self._text
        if _blob().match(text, max(0, position - 24)) and _blob().match(text, position):
            return None
        return (self._behind(end) if position >= self._searched_to else None) or self._before(position)

    def _behind(self, end: int) -> Secret | None:
        text = self._text
        stop = text.find("\n", end, end + _BEHIND_CHARS)
        is_line = stop >= 0
        stop = stop if is_line else min(len(text), end + _BEHIND_CHARS)
        self._searched_to = stop
        if secret := self._first(end, stop):
            self._searched_to = secret.end
            return secret
        if is_line and stop - end <= _LONGEST_HEAD and (below := _alone_below().match(text, stop)) and _is_alone(below["value"]):
            return Secret(*below.span("value"), "secret")
        return None

    def _before(self, position: int) -> Secret | None:
        text = self._text
        first = max(0, position - _BEFORE_CHARS, text.rfind("\n", 0, position) + 1)
        if not _mark_of_mixing().search(text, first, position):
            return None
        before = _right_before().search(text, first, position)
        if before and _is_unmistakable(before["value"]) and not _is_named_otherwise(text, before.start("value")):
            return Secret(*before.span("value"), "secret")
        return None

    def _first(self, start: int, stop: int) -> Secret | None:
        text = self._text
        if not _mark_of_mixing().search(text, start, stop):
            return None
        for match in _candidate().finditer(text, start, stop):
            if text.startswith(PLACEHOLDER_HEAD, match.start()):
                continue
            if text[match.end() : match.end() + 1] in _CALL:
                continue
            for value_start in (match.start(), *(mark.end() for mark in _inner_mark().finditer(text, match.start(), match.end()))):
                value = _end_of_value().sub("", text[value_start : match.end()])
                if _is_unmistakable(value) and not _is_named_otherwise(text, value_start):
                    return Secret(value_start, value_start + len(value), "secret")
        return None


def find_literal(text: str, position: int) -> Secret | None:
    """Return the quoted argument behind the comma at *position* that is made like nothing but a password, or follows the name of a user."""
    match = _literal().match(text, position)
    if not match:
        return None
    is_announced = is_distinct_password(match["value"]) and _user_literal().search(text, max(0, position - 20), position)
    if not is_announced and not is_password_only(match["value"]):
        return None
    return Secret(*match.span("value"), "password")


def find_quoted_argument(text: str, position: int) -> Secret | None:
    """Return the argument of a command in the single quotes behind *position* that is made like nothing but a password."""
    match = _quoted_argument().match(text, position)
    return Secret(*match.span("value"), "password") if match and is_password_only(match["value"]) else None


def find_alone(text: str, position: int) -> Secret | None:
    """Return the word around the mark at *position* that has the form of a password, in any context."""
    before = _word_before().search(text, max(0, position - 40), position)
    match = _whole_word().match(text, before.start()) if before else None
    if not match or not is_password_only(match["value"]) or _base64().match(match["value"]):
        return None
    return Secret(*match.span("value"), "password")


def match_lone_key(text: str, start: int, end: int) -> Secret | None:
    """Return the run *text[start:end]* if it is a whole word, so long and mixed that it is nothing but a key, and no id by its name."""
    if (
        not _LONE_LEAST <= end - start <= _LONE_MOST
        or text[start - 1 : start] not in _BEFORE_LONE
        or text[end : end + 1] not in _BEHIND_LONE
    ):
        return None
    value = text[start:end]
    if value.islower() or value.isupper() or sum(map(str.isdigit, value)) < 2 or _public().match(value) or _id().match(value):
        return None
    if is_stand_in(value) or mixing(value) < 0.42 or wordiness(value) >= 0.6 or _is_named_otherwise(text, start):
        return None
    if _blob_above().search(text, max(0, start - 200), start) or _blob_below().match(text, end):
        return None
    return Secret(start, end, "api-key")


_LONE_LEAST, _LONE_MOST = 28, 128
_BEFORE_LONE = ("", *" \t\n\"'`=:(,>|")
_BEHIND_LONE = ("", *" \t\r\n\"'`,;)<|&]}")


def is_password_only(value: str) -> bool:
    """Return whether *value* cannot be anything but a password, without a word that says so."""
    return (
        10 <= len(value) <= 40
        and _password_mark().search(value) is not None
        and is_strong_password(value)
        and (wordiness(value) < 0.5 or not _word().search(value))
        and mixing(value) >= 0.5
        and sum(map(str.isdigit, value)) >= 2
        and not _code().search(value)
    )


def _is_unmistakable(value: str) -> bool:
    if len(value) < _LEAST_CHARS or not has_digit(value) or _id().match(value) or is_stand_in(value):
        return False
    if value.islower() or value.isupper():
        return len(value) >= 24 and value.isalnum() and is_random(value) and mixing(value) >= 0.3 and not _hex().match(value)
    if _base64().match(value):
        return mixing(value) >= 0.42 and wordiness(value) < 0.6
    return (is_strong_password(value) and (len(value) < 16 or wordiness(value) < 0.6) and not _code().search(value)) or (
        is_long_random(value) and mixing(value) >= 0.42 and wordiness(value) < 0.6 and _plain().match(value) is not None
    )


def _is_alone(value: str) -> bool:
    """Return whether *value*, alone on its line below a telling word, is a secret: not a call, a tag or a path."""
    return _is_unmistakable(value) and _password_or_key().match(value) is not None


def _is_named_otherwise(text: str, start: int) -> bool:
    """Return whether the value at *start* has a name of its own that makes it an id, a digest, or public."""
    return _other_name().search(text, max(0, start - 40), start) is not None


@cache
def _blob() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/_-]{24}")


@cache
def _mark_of_mixing() -> re.Pattern[str]:
    return re.compile(r"\d[^\s\dA-Za-z]?[A-Za-z]|[A-Za-z][^\s\dA-Za-z]?\d")


@cache
def _candidate() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9_/\\.%#&-])(?<![\w+/]\+)[A-Za-z0-9_!#$%&*+=@^~?][A-Za-z0-9_!#$%&*+=@^~?./:-]{7,512}")


@cache
def _inner_mark() -> re.Pattern[str]:
    return re.compile(r"[:=\uff1a](?=[^:=/])")


@cache
def _end_of_value() -> re.Pattern[str]:
    return re.compile(r"[.:?,*]+$")


@cache
def _alone_below() -> re.Pattern[str]:
    head = r"(?:[ \t>|#+\d\u2192:-]{0,16}|[^\n]{0,40}[|:] {1,2})"
    return re.compile(
        r"\n(?:"
        + head
        + r"(?:```\w{0,10}|[\w.@-]{1,40})?\r?\n){0,3}"
        + head
        + r"[\"'`]?(?P<value>[!-~]{8,512}?)[\"'`.]?[}\])]{0,3}\r?(?=\n|$)"
    )


@cache
def _password_or_key() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9_!#$%&*+=@^~?./:-]+$")


@cache
def _right_before() -> re.Pattern[str]:
    return re.compile(
        r"(?<![A-Za-z0-9_/\\.%#&+-])(?P<value>[A-Za-z0-9_!#$%&*+=@^~?][A-Za-z0-9_!#$%&*+=@^~?./:-]{6,128}[A-Za-z0-9_!#$%&*+=@^~?])"
        r"[\"'`\u300d\u201d]?(?:\s(?:as|is|was|for)(?:\s(?:the|my|its|your|our|a))?|[\s,;|(:=\u2013-]{0,4}(?:for[Kk]ey|as|key|name|to|attr)?[:=]?)[\s\"'`(|_-]{0,3}(?:\w{1,16}[ _-]){0,2}$"
    )


@cache
def _other_name() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:id|ids|sha-?\d*|hash|digest|checksum|integrity|etag|fingerprint|commit|revision|reference|public\w*|publishable\w*|cursor|"
        r"next\w*|h1|md5|oid|uuid|version|path|file|filename|url|uri|href|src|data|content|encrypted_content|class|d|resolved|branch|"
        r"narhash|nonce|boundary|site\w*|challenge|verification|accept|\w{0,20}_?ids?|[fg]clid|address|signature|thumbprint|mint|pubkey)[\"'`]?\]?\s{0,2}(?:[:=]|=>)\s{0,2}[\"'`]?$|base64,$|[/@]$|public\w*\([\"'`]$|\bTXT\s{1,8}[\"'`]?$"
    )


@cache
def _id() -> re.Pattern[str]:
    return re.compile(
        r"(?:toolu|msg|req|call|resp|rs|fc|chatcmpl|thread|run|asst|prt|ses|part|price|prod|pi|cus|cs|evt|pk|pk_live|pk_test)_"
        r"|AAAA|MFkw|MII|iVBOR|/9j/|ssh-|age1|G-|GTM-|Iv\d\.|0x|sha\d+[-:]|SHA256:|h1:|W/|\d{4}-\d\d-\d\d|\d+x\d+|[A-Za-z]+_[A-Z]?\d+$"
    )


@cache
def _hex() -> re.Pattern[str]:
    return re.compile(r"[0-9a-f-]+$|[0-9A-F-]+$")


@cache
def _base64() -> re.Pattern[str]:
    return re.compile(r"(?=[^+=]*[+=])[A-Za-z0-9+/]{24,}={0,2}$")


@cache
def _plain() -> re.Pattern[str]:
    return re.compile(r"[\w.~+-]+={0,2}$")


@cache
def _code() -> re.Pattern[str]:
    """What occurs in code and formats, not in a password."""
    return re.compile(
        r"[A-Za-z_]\w*[=:]|%[a-zA-Z%]-|%[YmdHMS]|^\+?[\d.-]+[A-Za-z]{1,4}$|\.\w+\(|==|!=|&&|->|=>|\$\d|^@\w+|@\d+\.\d|^\w+@[a-z]"
    )


@cache
def _password_mark() -> re.Pattern[str]:
    return re.compile(r"[!#$%&*^~@+?]")


@cache
def _literal() -> re.Pattern[str]:
    return re.compile(
        r"[,(]\s{0,4}[bruN@]?(?P<quote>[\"'`])(?P<value>[^\s\"'`\\/(){}<>\[\]|,;:]{10,40})(?P=quote)(?:\s{0,4}[,)\]]|\r?\n|$)"
    )


@cache
def _user_literal() -> re.Pattern[str]:
    """The name of a user as most systems have it, before the comma behind it."""
    return re.compile(r"[\"'](?:admin|administrator|root|user\w{0,8}|app|sa|postgres|deploy|service|operator|guest|login)[\"']$")


@cache
def _quoted_argument() -> re.Pattern[str]:
    return re.compile(r"(?<=[\w-]) '(?P<value>[^\s\"'`\\/(){}<>\[\]|,;:]{10,40})'(?=[\s\"'\\|;&]|$)")


@cache
def _word_before() -> re.Pattern[str]:
    return re.compile(r"(?<![^\s\"'`=:(|>])[A-Za-z0-9!#%^*+@_.~$&?-]{1,39}$")


@cache
def _whole_word() -> re.Pattern[str]:
    return re.compile(r"(?P<value>[A-Za-z0-9!#%^*+@_.~$&?-]{9,39}[A-Za-z0-9!#%^*+@_~$&?-])(?=[.,;)|]?(?:[\s\"'`\\<]|$))")


@cache
def _word() -> re.Pattern[str]:
    """Letters enough to judge by their pairs."""
    return re.compile(r"[A-Za-z]{5}")


@cache
def _public() -> re.Pattern[str]:
    """A UUID, an id behind its kind, a name with its parts, and what base58 writes: addresses and public keys of chains."""
    return re.compile(
        r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|(?-i:[a-z]{2,16}[-_])|(?-i:[1-9A-HJ-NP-Za-km-z]{32,46}$)|[a-z]+(?:[-_][a-z0-9]{1,12})+$"
    )


@cache
def _blob_above() -> re.Pattern[str]:
    """The end of a line of base64, or of the first line of a block, up to the start of the value on the next."""
    return re.compile(r"(?:[\w+/-]{20}|-----) ?\|?\r?\n[^\n=\"']{0,40}$")


@cache
def _blob_below() -> re.Pattern[str]:
    """A next line of base64, or the last line of a block."""
    return re.compile(r" ?\|?\r?\n[^\n=\"']{0,40}?(?:-----|[A-Za-z0-9+/]{20,200}={0,2} ?\|?(?:\r?\n|$))")

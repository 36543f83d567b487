"""Secrets given away by the name before them: assignments in any language, headers, and private key blocks.

Every judge gets the position of its needle in the text, and returns the secret there, or None.
"""

from __future__ import annotations

import re
from functools import cache, cached_property

from onward.redact.blocks import KeyBlocks
from onward.redact.character_runs import Stretch
from onward.redact.secret import Secret
from onward.redact.values import has_digit, is_key, is_password, is_stand_in

_KEY_OWNERS = (
    "api",
    "private",
    "access",
    "secret",
    "auth",
    "signing",
    "encryption",
    "master",
    "storage",
    "account",
    "service",
    "shared",
    "jwt",
    "session",
    "webhook",
    "deploy",
    "client",
    "license",
    "app",
    "admin",
    "subscription",
    "hmac",
    "cookie",
    "sending",
    "server",
    "write",
    "ingest",
    "integration",
)
"""A key of one of these is secret: `api_key` is, `primary_key` and `public_key` are not."""

_HARMLESS_TOKENS = ("page", "cursor", "publickey", "continuation", "sync", "eos", "bos", "pad", "stop", "cancellation", "cancel")
"""A token of one of these is not secret: it continues a listing, or ends a prompt."""

_HARMLESS_RESTS = frozenset(
    "s name names id ids file path dir url uri type types field fields count counts limit length size header headers param "
    "prefix suffix regex pattern izer ize ized ization input label hint env var vars ref arn policy expiry expires expired "
    "ttl version format usage budget used total cost text error page strength reset timeout days hours minutes seconds ms "
    "age max min enabled required rotation hash_algorithm algorithm manager provider store service response request "
    "endpoint bucket list".split()
)
"""Words that make a telling name before them harmless: `token_count`, `secretName`, `password_field`."""


_NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_LONGEST_NAME = 60
_LONGEST_VALUE = 4096
_LONGEST_REST = 64
"""The distance from the end of a telling word to the start of its value, at most."""


class NameJudge:
    """Judges the telling names of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._judged_range = range(0)

    @cached_property
    def _bare_values(self) -> Stretch:
        return Stretch(self._text, _bare_value())

    @cached_property
    def _env_values(self) -> Stretch:
        return Stretch(self._text, _env_value())

    @cached_property
    def _key_blocks(self) -> KeyBlocks:
        return KeyBlocks(self._text)

    def judge_key(self, position: int) -> Secret | None:
        """Judge a name that ends in `key` or `token`."""
        text = self._text
        word = text[position : position + 4].lower()
        if word == "oken":
            if text[position - 1 : position] not in ("t", "T") or _name_stem(text, position - 1).endswith(_HARMLESS_TOKENS):
                return None
            return self._assigned_secret(position, position + 4)
        if not word.endswith("key") or word[0] == "o":
            return None
        if text.startswith(("-----", " BLOCK-----"), position + 4):
            return self._key_blocks.find(position)
        start = position + 1 if word[0] != "i" else position
        return self._assigned_secret(position, position + 4) if _name_stem(text, start).endswith(_KEY_OWNERS) or word[0] == "i" else None

    def judge_secret(self, position: int) -> Secret | None:
        """Judge a name that contains `secret`."""
        return self._assigned_secret(position, position + 6)

    def judge_password(self, position: int) -> Secret | None:
        """Judge a name that contains `pass`, `password` or similar."""
        text = self._text
        if text[position + 4 : position + 5] not in _PASS_FOLLOWERS:
            return None
        match = _password_name().match(text, position)
        # Tests pass, too: the short form is a name only at the end of one.
        if not match or (match.end() == position + 4 and text[position - 1 : position] != "_"):
            return None
        return self._assigned_secret(position, match.end())

    def judge_authorization(self, position: int) -> Secret | None:
        """Judge an `Authorization` header: its credentials after the scheme."""
        match = _authorization().match(self._text, position)
        if not match or is_stand_in(match["value"]):
            return None
        start, stop = match.span("value")
        if match[1] and match[1].lower() == "basic":
            return Secret(start, stop, "basic-auth")
        return Secret(start, stop, "bearer-token") if has_digit(match["value"]) else None

    def _assigned_secret(self, position: int, end: int) -> Secret | None:
        """Return the value assigned to the name whose telling part is *text[position:end]*."""
        text = self._text
        if position in self._judged_range:
            return None
        next_char = text[end : end + 1]
        if (
            next_char not in _CONTINUATIONS
            and (next_char not in " \t" or text[end + 1 : end + 2] not in _OPERATORS)
            and "-" not in text[max(0, position - 30) : position]
        ):
            return None  # most names are just words in a sentence
        match = _assignment().match(text, end)
        if not match:
            return None
        preceding = text[max(0, position - _LONGEST_NAME) : position]
        name = preceding[len(preceding.rstrip(_NAME_CHARACTERS)) :] + text[position:end]
        rest = match["rest"]
        if _is_harmless(rest) or (match["operator"] == " " and not name.startswith("-")):
            return None
        is_quoted = match["quoted"] is not None
        start, stop = (
            match.span("quoted") if is_quoted else (match.end(), min(self._bare_values.end(match.end()), match.end() + _LONGEST_VALUE))
        )
        in_env = (name + rest).isupper() and match["operator"] == "="
        if in_env and not is_quoted:
            stop = self._env_values.end(start)
        elif not is_quoted and text[stop : stop + 1] in ("(", "[", "<"):
            return None
        value = text[start:stop]
        if not is_quoted:
            value = value.rstrip(".,)]}")
        full_name = name + rest
        is_secret = is_password(value, in_env=in_env) if "pass" in full_name.lower() else is_key(value, quoted=is_quoted, in_env=in_env)
        if not is_secret:
            return None
        if not is_quoted and self._env_values.end(start) == self._bare_values.end(start):
            # A name inside this value ends where the value does.
            self._judged_range = range(start, stop - _LONGEST_REST)
        return Secret(start, start + len(value), _secret_kind(full_name))


_PASS_FOLLOWERS = frozenset("wWpPcC=:\"'`\\")


@cache
def _password_name() -> re.Pattern[str]:
    return re.compile(r"(?i)pass(?:word|wd|w|phrase|code)?(?![a-z])|pass(?:[Ww]ord|phrase|code)(?=[A-Z])")


def _name_stem(text: str, start: int) -> str:
    """Return the end of the name before *start*, in lower case, without the separators at its end."""
    return text[max(0, start - 14) : start].lower().rstrip("_-. ")


@cache
def _assignment() -> re.Pattern[str]:
    """What follows the telling part of a name: the rest of the name, an operator, and a quoted value or the start of a bare one."""
    return re.compile(
        r"(?P<rest>\w{0,24})(?:\\*[\"'`])?\]?(?P<operator>[ \t]{0,4}(?:=>|:=|={1,3}|:)\s{0,4}|[ ](?=\S))"
        r"(?:(?P<quote>\\*[\"'`])(?P<quoted>[^\s\"'`\\]{6,4096})(?=\\*[\"'`])|(?=[^=\s\"'`\\,;)(\]}\[<>|&]))"
    )


@cache
def _bare_value() -> re.Pattern[str]:
    return re.compile(r"[^\s\"'`\\,;)(\]}\[<>|&]++")


@cache
def _env_value() -> re.Pattern[str]:
    return re.compile(r"[^\s\"'`\\;]++")


_OPERATORS = frozenset("=: \t")
_CONTINUATIONS = frozenset("=:\"'`\\]_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def _is_harmless(rest: str) -> bool:
    lowered = rest.lower().strip("_")
    return lowered in _HARMLESS_RESTS or lowered.rpartition("_")[2] in _HARMLESS_RESTS


def _secret_kind(name: str) -> str:
    """Return the kind of secret that a *name* announces, for the placeholder."""
    lowered = name.lower()
    if "pass" in lowered:
        return "password"
    if "aws" in lowered and "secret" in lowered:
        return "aws-secret-key"
    if lowered.endswith("key"):
        return "private-key" if "private" in lowered else "api-key"
    return "token" if "oken" in lowered else "secret"


@cache
def _authorization() -> re.Pattern[str]:
    return re.compile(
        r"(?i)authorization(?:\\*[\"'`])?\s{0,2}[:=,]\s{0,2}(?:\\*[\"'`])?(?:(bearer|basic|token|apikey|digest|bot)\s+)?"
        r"(?P<value>[A-Za-z0-9._~+/-]{8,}=*)"
    )

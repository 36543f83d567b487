"""Secrets in URLs: passwords between the user's name and the `@`, also in what looks like one; webhooks; signatures."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import cache

from onward.redact.secret import Secret
from onward.redact.values import is_random, is_stand_in, is_strong_password

_LONGEST_USERINFO = 256
_SHORTEST_PASSWORD = 4
_NEVER_IN_USERINFO = frozenset(" \t\r\n\"'`\x1b")
_SELDOM_IN_USERINFO = frozenset("<>{}|")


def find_password(text: str, position: int) -> Secret | None:
    """Return the password of the URL whose user information ends with the `@` at *position*, or a user name that looks like a key.

    A password may contain `/`, `:` and `@`: the last `@` before a host ends it.
    """
    scheme = text.rfind("://", max(0, position - _LONGEST_USERINFO), position)
    if scheme < 0:
        return _find_oracle_password(text, position)
    start = scheme + 3
    content = text[start:position]
    if not _NEVER_IN_USERINFO.isdisjoint(content) or not _host().match(text, position + 1):
        return None
    user, colon, password = content.partition(":")
    if "/" in user or "?" in user:
        return None
    if not colon:
        is_key = len(user) >= 20 and user.isalnum() and any(map(str.isdigit, user)) and not user.isdigit()
        return Secret(start, position, "url-password") if is_key else None
    if not _SELDOM_IN_USERINFO.isdisjoint(content) and not is_strong_password(password):
        return None
    # A password equal to the user's name protects nothing, and is needed to run the example again.
    if len(password) < _SHORTEST_PASSWORD or password == user or is_stand_in(password) or _port().match(password):
        return None
    return Secret(position - len(password), position, "url-password")


def find_webhook(text: str, start: int, end: int) -> Secret | None:
    """Return the address of a webhook behind its host, which ends with the random run *text[start:end]*: who knows it may post there."""
    first = max(0, start - 240)
    match = _webhook().search(text, first, start) if "hook" in text[first:start] else None
    return Secret(match.end(), end, "webhook") if match and is_random(text[start:end]) else None


def is_signature(words: AbstractSet[str], mark: str) -> bool:
    """Whether a parameter whose name has *words*, behind *mark*, is the signature of an address."""
    return not words.isdisjoint(("sig", "signature")) and mark in ("?", "&")


def _find_oracle_password(text: str, position: int) -> Secret | None:
    """Return the password in `user/password@//host` or `user/password@host:1521`."""
    mail = _mail_pair().match(text, position)
    if mail and is_strong_password(mail["value"]):
        return Secret(*mail.span("value"), "password")
    before = text[max(0, position - 80) : position]
    if before[-1:].isspace() or ("/" not in before and ":" not in before):
        return None
    pair = _pair().search(text, max(0, position - 120), position)
    if pair and pair.end() == position and _host().match(text, position + 1) and is_strong_password(pair[1]):
        return Secret(*pair.span(1), "password")
    match = _oracle().search(text, max(0, position - 80), position)
    if not match or match.end() != position or not _oracle_host().match(text, position + 1) or is_stand_in(match[1]):
        return None
    return Secret(match.start(1), match.end(1), "password")


@cache
def _host() -> re.Pattern[str]:
    return re.compile(r"(?:tcp|unix)\(|[\w.-]+(?::\d+)?(?=[/?#,;:\s\"'`\\)\]}<>*_.|]|$)|\[[0-9a-f:]+\]")


@cache
def _mail_pair() -> re.Pattern[str]:
    """The host of an address with a password behind it, as in lists of logins."""
    return re.compile(r"@[\w-]{1,40}(?:\.[\w-]{1,40}){1,4}[:|;](?P<value>[^\s\"'`,;:|]{6,64})(?=[\s\"'`,;:|]|$)")


@cache
def _port() -> re.Pattern[str]:
    return re.compile(r"\d{1,5}(?:/|$)")


@cache
def _pair() -> re.Pattern[str]:
    return re.compile(r"(?:(?<=server:)|(?<![\w:/.@-]))[A-Za-z][\w.\\/-]{0,40}[:/]([^\s:/@\"'`,;]{6,64})$")


@cache
def _oracle() -> re.Pattern[str]:
    return re.compile(r"(?:sqlplus\s+|thin:)\w{1,30}/([^\s/@\"']{4,40})$")


@cache
def _oracle_host() -> re.Pattern[str]:
    return re.compile(r"//|[\w.-]+:\d|\w+\b")


@cache
def _webhook() -> re.Pattern[str]:
    return re.compile(
        r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2|"
        r"hooks\.zapier\.com/hooks/catch)/(?=[^\s\"'<>]*$)"
    )

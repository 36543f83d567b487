"""Passwords in URLs and in what looks like one: the part between the user's name and the `@`."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret
from onward.redact.values import is_stand_in, is_strong_password

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

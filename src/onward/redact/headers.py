"""Secrets in HTTP headers: the credentials of an Authorization header, the values of cookies; and names that end in `auth`."""

from __future__ import annotations

import re
from functools import cache

from onward.redact import commands
from onward.redact.secret import Secret
from onward.redact.values import (
    has_digit,
    is_dotted_name,
    is_likely_password,
    is_random,
    is_stand_in,
    is_strong_password,
)

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.IGNORECASE)


def find_authorization(text: str, position: int) -> Secret | None:
    """Return the credentials of the `Authorization` header at *position*, after the scheme; or the value of a name that ends in `auth`."""
    match = _authorization().match(text, position)
    if not match:
        return _find_auth_value(text, position)
    start, stop = match.span("value")
    if match["scheme"] and not is_random(match["value"]):
        return None
    if (is_stand_in(match["value"]) or is_dotted_name(match["value"])) and not _UUID.match(match["value"]):
        return None
    if match[1] and match[1].lower() == "basic":
        return Secret(start, stop, "basic-auth")
    return Secret(start, stop, "bearer-token") if has_digit(match["value"]) else None


def _find_auth_value(text: str, position: int) -> Secret | None:
    if command := commands.find_redis_password(text, position):
        return command
    match = _auth_pair().match(text, position)
    group = next((name for name in ("argument", "joined") if match and match[name]), "value")
    if match and (is_strong_password(match[group]) or is_likely_password(match[group])):
        return Secret(*match.span(group), "password")
    if handed := _auth_command().match(text, position):
        return Secret(*handed.span("value"), "token")
    match = _auth_value().match(text, position)
    if not match or is_stand_in(match["value"]) or not is_random(match["value"]):
        return None
    return Secret(*match.span("value"), "token")


def find_cookie(text: str, position: int) -> Secret | None:
    """Return the first random value of the `Cookie` or `Set-Cookie` header at *position*."""
    match = _cookie().match(text, position)
    for pair in _cookie_pair().finditer(text, match.end(), match.end() + 2000) if match else ():
        if len(pair[2]) >= 16 and is_random(pair[2]) and not is_stand_in(pair[2]):
            return Secret(*pair.span(2), "cookie")
        if pair[3]:
            break
    return None


@cache
def _authorization() -> re.Pattern[str]:
    """An Authorization header with its scheme and credentials."""
    return re.compile(
        r"(?i)auth(?:orization|-token)(?:\\*[\"'`])?\]?\s{0,2}[:=,]?\s{0,2}(?:\\*[\"'`])?"
        r"(?:(bearer|basic|token token=|token|apikey|oauth|digest[^\n]{0,200}response=|aws4-hmac[^\n]{0,200}signature=|bot|key|(?P<scheme>(?<=[:=\"' ])[a-z][\w-]{1,24}(?=[ ][\w+/-]{16})))(?:\s|%20|\+)*[\"']?)?"
        r"(?P<value>[A-Za-z0-9._~+/-]{8,}=*)"
    )


@cache
def _auth_value() -> re.Pattern[str]:
    """A value assigned to a name that ends in `auth`."""
    return re.compile(r"(?i)auth(?:\\*[\"'`])?(?:\s{0,2}[:=]\s{0,2}|(?<=--auth)\s)(?:\\*[\"'`])?(?P<value>[A-Za-z0-9._~+/-]{16,}=*)")


@cache
def _auth_command() -> re.Pattern[str]:
    """A UUID as the argument of a command named `auth`."""
    return re.compile(r"(?<=[\w-] )auth (?P<value>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?=[\s\"'\\]|$)")


@cache
def _auth_pair() -> re.Pattern[str]:
    """`auth=('ayu', '…')`, `SetBasicAuth("ayu", "…")`."""
    return re.compile(
        r"(?i)(?<=-)auth[ =]\\*[\"']?[\w.@-]{1,40}:(?P<argument>[^\s\"'\\]{6,200})"
        r"|auth(?:\\*[\"'])?\s{0,2}[:=]\s{0,2}\\*[\"']?[\w.@-]{1,40}[/:](?P<joined>[^\s\"'\\/]{6,64})(?=[\s\"'\\]|$)"
        r"|auth(?:enticate)?\s{0,2}=?\s{0,2}\(\s{0,2}[\"'][^\"'\n]{1,60}[\"'],\s{0,2}"
        r"(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\s]){6,200})(?P=quote)"
    )


@cache
def _cookie() -> re.Pattern[str]:
    """The start of a Cookie or Set-Cookie header, as a line or as a pair of name and value."""
    return re.compile(
        r"(?i)cookie(?:\\*[\"'`])?\s{0,2}"
        r"(?:[:=]\s{0,2}|(?<=--cookie)\s|(?<=[\"']),\s{0,12}(?:\\*[\"']value\\*[\"']\s{0,2}[:=]\s{0,2})?)(?:\\*[\"'`])?"
    )


@cache
def _cookie_pair() -> re.Pattern[str]:
    """A name and a value in a cookie header, and the end of the header behind it."""
    return re.compile(r"([\w.%-]{1,60})=([^\s;\"'`\\]{0,1000})(\s*(?:\n|\\n|$)|[\"'`])?")

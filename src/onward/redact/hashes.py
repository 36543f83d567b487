"""Stored hashes of passwords."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret


def find_hash(text: str, position: int) -> Secret | None:
    """Return the password hash whose last `$` before the salt or digest is at *position*."""
    match = _hash().match(text, position)
    if not match:
        return None
    return Secret(position + 1, match.end(), "password-hash")


def find_braced_hash(text: str, position: int) -> Secret | None:
    """Return the password hash behind the name of its scheme in braces, as in `{SSHA}…`."""
    match = _braced_hash().match(text, position)
    return Secret(*match.span(match.lastindex or 0), "password-hash") if match else None


def find_scram(text: str, position: int) -> Secret | None:
    """Return the stored secret of SCRAM whose scheme is at *position*."""
    match = _scram().match(text, position)
    return Secret(*match.span(1), "password-hash") if match else None


@cache
def _hash() -> re.Pattern[str]:
    return re.compile(r"\$(?=[^\s]{0,60}\d)(?:\$?[./A-Za-z0-9+]{2,64}={0,2}\$)?\$?[./A-Za-z0-9+]{20,128}={0,2}")


@cache
def _braced_hash() -> re.Pattern[str]:
    return re.compile(r"(?i)\{(?:(?:s?sha\d*|s?md5|crypt)\}([\w+/.$-]{16,}={0,2})|(?:plain|cleartext)\}([^\s:]{6,64}))")


@cache
def _scram() -> re.Pattern[str]:
    return re.compile(r"(?i)scram-sha-\d{1,3}\$\d{1,7}:([\w+/=$:]{30,300})")

"""Passwords in URLs: the part between the user's name and the `@`."""

from __future__ import annotations

from onward.redact.secret import Secret
from onward.redact.values import is_stand_in

_LONGEST_USERINFO = 256
_SHORTEST_PASSWORD = 4
_NEVER_IN_USERINFO = frozenset(" \t\r\n\"'`<>{}\\/|")


def find_password(text: str, position: int) -> Secret | None:
    """Return the password of the URL whose user information ends with the `@` at *position*; or a user name that looks like a key."""
    scheme = text.rfind("://", max(0, position - _LONGEST_USERINFO), position)
    if scheme < 0:
        return None
    start = scheme + 3
    content = text[start:position]
    if not _NEVER_IN_USERINFO.isdisjoint(content):
        return None
    user, colon, password = content.partition(":")
    if not colon:
        is_key = len(user) >= 20 and user.isalnum() and any(map(str.isdigit, user)) and not user.isdigit()
        return Secret(start, position, "url-password") if is_key else None
    # A password equal to the user's name protects nothing, and is needed to run the example again.
    if len(password) < _SHORTEST_PASSWORD or password == user or is_stand_in(password):
        return None
    return Secret(position - len(password), position, "url-password")

"""What identifies a turn, or a session, when it is read again.

A turn is identified by the agent's own id; else by role, time and content; else by its content and its position in the session. The same
content for a second time is another turn. Everything is hashed with the project's key before redaction, so that a better redactor does not
make every turn new, and without it no one can test guesses at what a turn says.

A session that was moved to another project is an exception, because its secrets are no longer known. A turn without an id that contained
secrets is identified there by its redacted content, with the same word in place of every secret.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from onward.core.transcript.transcript import Turn
from onward.redact.secret import PLACEHOLDER, PLACEHOLDER_HEAD

FIRST_TURNS = 4
"""A session without an id is identified by this many first turns."""

_ENDS_CHARS = 4096


class TurnMark(NamedTuple):
    """What identifies one turn: `mark` alone, or within its session if it is not `is_global`.

    `masked_mark` is the mark without the turn's secrets; None if it has no secrets, or an id.
    """

    mark: bytes
    is_global: bool
    masked_mark: bytes | None = None

    def identity(self, session_number: int) -> bytes:
        """Return the turn's identity within its project."""
        return self.mark if self.is_global else blake2b(self.mark + b"\0%d" % session_number, digest_size=16).digest()

    def without_secrets(self) -> TurnMark:
        """Return the mark that identifies the turn where its secrets are not known."""
        return self if self.masked_mark is None else TurnMark(self.masked_mark, self.is_global)


class TurnMarker:
    """Marks the turns of one session as they are read, in order."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._counts = Counter[bytes]()

    def mark_turn(self, turn: Turn, redacted: Turn | None = None) -> TurnMark:
        """Return the mark of the next turn. *redacted* is the same turn as it is stored, from which the mark without secrets is
        computed.
        """
        if turn.id is not None:
            return TurnMark(self._hash(b"id", turn.id.encode("utf-8", "replace")), is_global=True)
        masked_mark = (
            self._unique_digest(self._hash(b"masked", *_content(_mask_secrets(redacted))))
            if redacted and _holds_placeholder(redacted)
            else None
        )
        return TurnMark(self._unique_digest(self.hash_content(turn)), turn.at is not None, masked_mark)

    def _unique_digest(self, digest: bytes) -> bytes:
        self._counts[digest] += 1
        return self.hash_nth(digest, self._counts[digest])

    def hash_content(self, turn: Turn) -> bytes:
        """Return a digest that is the same for the same content."""
        return self._hash(*_content(turn))

    def hash_nth(self, digest: bytes, count: int) -> bytes:
        """Return the digest of content that occurs for the *count*-th time, from 1."""
        return digest if count == 1 else self._hash(digest, b"%d" % count)

    def _hash(self, *parts: bytes) -> bytes:
        return blake2b(b"\0".join(parts), digest_size=16, key=self._key).digest()


def _holds_placeholder(turn: Turn) -> bool:
    return PLACEHOLDER_HEAD in turn.text or any(PLACEHOLDER_HEAD in result.text for result in turn.results)


def _mask_secrets(turn: Turn) -> Turn:
    """Return *turn* with the same word in place of every secret: placeholders differ between secrets and between projects."""
    mask = _placeholder().sub
    return replace(
        turn,
        text=mask(PLACEHOLDER_HEAD, turn.text),
        results=tuple(replace(result, text=mask(PLACEHOLDER_HEAD, result.text)) for result in turn.results),
    )


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(PLACEHOLDER)


def content_digest(turn: Turn) -> bytes:
    """Return what a turn and its copy under another id share: a digest of role, time and content."""
    return blake2b(b"\0".join(_content(turn)), digest_size=16).digest()


def session_names(turn_marks: Sequence[TurnMark]) -> list[str]:
    """Return the names of a session that starts with these turns: by its first `FIRST_TURNS`, then by fewer, in case it was shorter when it
    was read before.

    If the turns contain secrets, the same names without the secrets follow.
    """
    first_marks = turn_marks[:FIRST_TURNS]
    marks = [turn_mark.mark for turn_mark in first_marks]
    if any(turn_mark.masked_mark for turn_mark in first_marks):
        return [*_names(marks), *_names([turn_mark.without_secrets().mark for turn_mark in first_marks])]
    return _names(marks)


def _names(marks: Sequence[bytes]) -> list[str]:
    return [f"{count}:{blake2b(b''.join(marks[:count]), digest_size=16).hexdigest()}" for count in range(len(marks), 0, -1)]


def content_chars(turn: Turn) -> int:
    """Return the number of characters of *turn*. A turn with more characters than the stored one has grown."""
    chars = len(turn.text) + len(turn.thinking)
    for call in turn.calls:
        chars += (
            len(call.arguments) if isinstance(call.arguments, str) else sum(len(v) for v in call.arguments.values() if isinstance(v, str))
        )
    for result in turn.results:
        chars += len(result.text)
    return chars


def _content(turn: Turn) -> Iterable[bytes]:
    """Yield the content of *turn*. The middle of a long text is replaced by its length."""
    yield turn.role.encode()
    yield b"" if turn.at is None else turn.at.isoformat().encode()
    yield _ends(turn.text)
    for call in turn.calls:
        yield f"{call.id}\0{call.name}".encode("utf-8", "replace")
    for result in turn.results:
        yield result.call_id.encode("utf-8", "replace")
        yield _ends(result.text)


def _ends(text: str) -> bytes:
    if len(text) <= 2 * _ENDS_CHARS:
        return text.encode("utf-8", "replace")
    return f"{text[:_ENDS_CHARS]}\0{len(text)}\0{text[-_ENDS_CHARS:]}".encode("utf-8", "replace")

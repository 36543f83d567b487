"""Lists in pages: `limit` rows after the `cursor` of the page before.

A cursor is the key of the last row, so rows that are added or deleted meanwhile shift nothing. To clients it is opaque.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Query, Response

from onward.api.answers.envelope import ok
from onward.errors import BadInput

DEFAULT_LIMIT, MAX_LIMIT = 50, 200

T = TypeVar("T")
K = TypeVar("K", int, str)


@dataclass(frozen=True, slots=True)
class Page:
    """The requested page. `key` is the key of the last row of the page before, empty for the first page."""

    limit: int
    key: tuple[Any, ...] = ()

    def last_key(self, kind: type[K]) -> K | None:
        """Return the key of the last row before this page, if it is a single value; None for the first page. Raises `BadInput` for another
        list's cursor.
        """
        single_key: K | None = next(iter(self.last_keys(kind)), None)
        return single_key

    def last_keys(self, *kinds: type[Any]) -> tuple[Any, ...]:
        """Return the parts of the key of the last row before this page, of these *kinds*; empty for the first page. Raises `BadInput` for
        another list's cursor.
        """
        if self.key and (len(self.key) != len(kinds) or any(type(part) is not kind for part, kind in zip(self.key, kinds, strict=True))):
            raise _wrong_cursor()
        return self.key

    def answer(self, items: Iterable[T], *, shape: Callable[[T], object], key_of: Callable[[T], tuple[object, ...]]) -> Response:
        """Return the response with one page of *items* in *shape*. One item more than the limit means that another page follows. *key_of*
        returns an item's key.
        """
        rows = list(islice(items, self.limit + 1))
        has_more = len(rows) > self.limit
        rows = rows[: self.limit]
        return ok([shape(row) for row in rows], next_cursor=cursor(key_of(rows[-1])) if has_more else None)


def cursor(key: tuple[object, ...]) -> str:
    """Return the cursor of the page after the row with that key."""
    return urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


async def _page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="The most rows to return.")] = DEFAULT_LIMIT,
    cursor: Annotated[str, Query(max_length=1000, description="`next_cursor` of the page before.")] = "",
) -> Page:
    if not cursor:
        return Page(limit)
    try:
        key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (NotBase64, ValueError) as error:
        raise _wrong_cursor() from error
    if not isinstance(key, list) or not key or not all(isinstance(part, str) or _is_key(part) for part in key):
        raise _wrong_cursor()
    return Page(limit, tuple(key))


def _is_key(part: object) -> bool:
    return type(part) is int and 0 <= part < 2**63


def _wrong_cursor() -> BadInput:
    return BadInput("The cursor is not from this list.", "Pass `next_cursor` unchanged, or leave it out to start with the first page.")


Paging = Annotated[Page, Depends(_page)]

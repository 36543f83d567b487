"""Output: tables, colour and progress on a terminal, plain text in a pipe, JSON on request."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Self, TextIO

from onward.core.text.printable import printable, printable_json

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
LONG_WORK_SECONDS = 1.0


def is_terminal(stream: TextIO) -> bool:
    """Whether *stream* is a terminal."""
    return stream.isatty()


def has_colour(stream: TextIO) -> bool:
    """Whether *stream* shows colour: a terminal that is not `dumb`, with NO_COLOR unset."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """Return *text* in *style* (a key of `STYLES`) if *stream* (default: standard output) shows colour."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if has_colour(stream or sys.stdout) else text


def say(text: str = "") -> None:
    """Print *text* and a newline on standard output, without what could steer a terminal."""
    sys.stdout.write(_without_controls(text, sys.stdout) + "\n")


def note(text: str) -> None:
    """Print *text* on standard error, so that a pipe receives the result only."""
    sys.stderr.write(_without_controls(text, sys.stderr) + "\n")


def _without_controls(text: str, stream: TextIO) -> str:
    """Return *text* with no other control sequences than those of `paint`."""
    if text.isprintable() or not has_colour(stream):
        return printable(text)
    return "".join(part if number % 2 else printable(part) for number, part in enumerate(re.split(_PAINT, text)))


_PAINT = rf"(\x1b\[(?:0|{'|'.join(STYLES.values())})m)"


def as_json_text(value: object) -> str:
    """Return *value* as one line of JSON: dataclasses by field, times in ISO 8601, handles as `s3.41`, messages in English."""
    import orjson

    options = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
    return printable_json(orjson.dumps(value, default=_to_plain, option=options).decode())


def _to_plain(value: object) -> object:
    from pathlib import Path

    from onward.core.facts.fact import Handle
    from onward.message import Message

    if isinstance(value, Handle | Path | Message):
        return str(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def say_json(value: object) -> None:
    """Print *value* as one line of JSON."""
    sys.stdout.write(as_json_text(value) + "\n")


def say_table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, wraps: bool = False) -> None:
    """Print *rows* in columns under *heads*. The last column is cut to fit, or with *wraps* continued on the next lines.

    In a pipe: one row per line, tab-separated, without heads, nothing cut.
    """
    texts = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    if not is_terminal(sys.stdout):
        for row in texts:
            say("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    widths = [max(width(text) for text in column) for column in zip(heads, *texts, strict=True)]
    right_aligned = [bool(texts) and all(map(_is_number, column)) for column in list(zip(*texts, strict=True)) or [()] * len(heads)]
    indent = sum(widths[:-1]) + 2 * (len(widths) - 1)
    widths[-1] = min(widths[-1], max(20, _terminal_columns() - indent))
    say(paint(_align_cells(heads, widths, right_aligned), "bold"))
    for row in texts:
        first, *more = _wrap_text(row[-1], widths[-1]) if wraps else [shorten(row[-1], widths[-1])]
        say(_align_cells([*row[:-1], first], widths, right_aligned))
        for line in more:
            say(" " * indent + line)


def _is_number(cell: str) -> bool:
    return cell in ("", "-") or cell.replace(",", "").replace(".", "").isdigit()


def _wrap_text(text: str, columns: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, columns, break_on_hyphens=False) or [""]


def _align_cells(cells: Sequence[str], widths: Sequence[int], right_aligned: Sequence[bool]) -> str:
    padded = []
    for cell, column_width, is_right_aligned in zip(cells, widths, right_aligned, strict=True):
        padding = " " * (column_width - width(cell))
        padded.append(padding + cell if is_right_aligned else cell + padding)
    return "  ".join(padded).rstrip()


def width(text: str) -> int:
    """Return how many terminal columns *text* takes: two for East Asian wide characters, none for combining marks."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def shorten(text: str, columns: int) -> str:
    """Return *text* on one line of at most *columns*, with an ellipsis if it was cut."""
    text = " ".join(text.split())
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def _terminal_columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def quantity(number: int, singular: str, plural: str = "") -> str:
    """Return `1 turn`, `2 turns`, `1,204 turns`. *plural* defaults to *singular* with an s."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


class ProgressBar:
    """A progress line on standard error. It stays silent in a pipe and during the first second.

    Use as `with ProgressBar("reading") as progress: progress.update(3, 10, "b.jsonl")`; the line is removed at the end.
    """

    def __init__(self, activity: str) -> None:
        self.activity = activity
        self.is_shown = False
        self._next_update = time.monotonic() + LONG_WORK_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def update(self, done: int, total: int | None, item: str = "") -> None:
        """Show that *done* of *total* (None if unknown) is done and *item* is in progress; at most ten times a second."""
        now = time.monotonic()
        if now < self._next_update or not is_terminal(sys.stderr):
            return
        self._next_update = now + 0.1
        self.is_shown = True
        share = f"{done:,} of {total:,}" if total else f"{done:,}"
        sys.stderr.write("\r\x1b[K" + shorten(f"{self.activity} {share} {item}", _terminal_columns() - 1))
        sys.stderr.flush()

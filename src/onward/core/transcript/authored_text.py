"""The part of a text that its author wrote: without handoffs, and without what programs attach.

Handoffs come back: a person pastes one, a hook injects one, an agent prints one. They are no evidence for that session, and neither are
reminders, hook output and files that a program attached to a person's words. The stored turn is complete; only extraction leaves these
parts out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from onward.core.facts.headings import (
    AGENT_INTRO,
    DISTINCTIVE_SECTIONS,
    HEAD,
    MEASURE_PREFIX,
    NOTICE_PREFIXES,
    OMISSION_PREFIX,
    RELEVANT_HEADING,
    SECTIONS,
)
from onward.core.transcript.frames import strip_attached

_HANDOFF_MARKS = ("Handoff after session", "earlier sessions began", '"sections"', *DISTINCTIVE_SECTIONS, *NOTICE_PREFIXES)
_HANDLE = re.compile(r"\[s\d")
"""A text with none of these contains no handoff; looking for them is fast."""

LineForm: TypeAlias = Literal["preamble", "task", "notice", "title", "excerpt", "closing", "head", "heading", "item", "blank", ""]

_LINE_FORMS: tuple[tuple[LineForm, str], ...] = (
    (
        "preamble",
        (
            r"You continue work that earlier sessions began\.|Go on from \*?Do first|Go on from \*(?:State|Goal)\*|Go on with this work[;.]|"
            rf"{AGENT_INTRO} .{{1,60}}?: you run "
        ),
    ),
    ("task", r"Your task now: "),
    ("notice", "|".join(map(re.escape, NOTICE_PREFIXES))),
    ("title", rf"#* ?Handoff after session \d+|#* ?(?:{'|'.join(map(re.escape, DISTINCTIVE_SECTIONS))})$"),
    ("excerpt", r"\[s\d+\.\d+\] (?:user|assistant|tool|fact)\b"),
    ("closing", rf"(?:{MEASURE_PREFIX}|Kept at )[\d.,]+k? tokens|{OMISSION_PREFIX}"),
    ("head", rf"\**(?:{'|'.join(HEAD)})\.\** "),
    ("heading", rf"#* ?(?:{'|'.join(map(re.escape, (*SECTIONS, RELEVANT_HEADING)))})$|---$"),
    ("item", r"[-*•+] "),
    ("blank", r"$"),
)
_HANDLES = r" \[s\d+\.\d+(?:, s\d+\.\d+)*\]$"
_ENDS = ".!?…:;)"


class _ClassifiedLine(NamedTuple):
    """A line of a text: the author's part of it (None for a line of a handoff), and what a line of a handoff says."""

    author_text: str | None
    onward_text: str = ""


def author_text(text: str) -> str:
    """Return *text* without handoffs and attachments; a text without them is unchanged."""
    text = strip_attached(text)
    if _may_hold_handoff(text):
        text = "\n".join(line.author_text for line in _classify_lines(_strip_json_handoff(text)) if line.author_text is not None)
        text = re.sub(r"\n(?:[ \t\r]*\n){2,}", "\n\n", text).strip()
    return text


def read_handoff_lines(text: str) -> Iterator[str]:
    """Yield what the lines of handoffs in *text* say."""
    if _may_hold_handoff(text):
        yield from (line.onward_text for line in _classify_lines(text) if line.onward_text)


def _may_hold_handoff(text: str) -> bool:
    for mark in _HANDOFF_MARKS:
        if mark in text:
            return True
    return "[s" in text and _HANDLE.search(text) is not None


def _strip_json_handoff(text: str) -> str:
    """Return *text* without a handoff in JSON."""
    start = text.find("{") if '"sections"' in text and '"closing"' in text else -1
    if start >= 0:
        # Rarely needed, and its import costs milliseconds.
        import json

        try:
            value, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            return text
        if _is_handoff(value):
            return text[:start] + text[end:]
    return text


def _is_handoff(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    document = cast("dict[str, Any]", value)
    handoff = cast("dict[str, Any]", document["handoff"]) if isinstance(document.get("handoff"), dict) else document
    return {"session", "head", "sections", "closing"} <= handoff.keys()


def _classify_lines(text: str) -> Iterator[_ClassifiedLine]:
    """Yield each line of *text*.

    A handoff begins with its title, its prompt or a distinctive heading, and continues while lines have its forms; its
    last line ends it. An item belongs to its heading or to another item, so a list after a blank line is the author's
    own. In a handoff with handles, a line without one is a line that a terminal wrapped, and the handoff continues.
    Elsewhere, a line belongs to a handoff if it has handles.
    """
    in_handoff = in_excerpt = is_wrapped = False
    previous_form: LineForm = "blank"
    has_handles = _HANDLE.search(text) is not None
    for line in text.split("\n"):
        bare = line.strip().removeprefix("> ").strip()
        form = _line_form(bare)
        handles = re.search(_HANDLES, bare)
        in_excerpt = form == "excerpt" or (in_excerpt and form != "blank")
        in_handoff = in_handoff or form in ("preamble", "title")
        if in_handoff and form == "task":
            yield _ClassifiedLine(bare.partition(": ")[2])
        elif in_excerpt or _is_onward_line(bare, form, previous_form, handles, in_handoff=in_handoff, is_wrapped=is_wrapped):
            yield _ClassifiedLine(None, _line_content(bare, form, handles) if form in ("head", "item", "") else "")
        else:
            in_handoff = False
            yield _ClassifiedLine(line)
        is_wrapped = in_handoff and has_handles and not handles and (is_wrapped or form in ("head", "item", "closing")) and form != "blank"
        in_handoff = in_handoff and not bare.startswith(OMISSION_PREFIX)
        previous_form = form if form or not is_wrapped else "item"


@cache
def _form_pattern() -> re.Pattern[str]:
    """Return the pattern of all forms. Compiled when first needed: few sessions contain a handoff."""
    return re.compile("|".join(f"({pattern})" for _, pattern in _LINE_FORMS))


def _line_form(bare: str) -> LineForm:
    match = _form_pattern().match(bare)
    return _LINE_FORMS[match.lastindex - 1][0] if match and match.lastindex else ""


def _is_onward_line(
    bare: str, form: LineForm, previous_form: LineForm, handles: re.Match[str] | None, *, in_handoff: bool, is_wrapped: bool
) -> bool:
    if form == "notice":
        return True
    if handles and (in_handoff or form in ("head", "item") or bare[: handles.start()][-1:] in _ENDS):
        return True
    if not in_handoff:
        return False
    if form == "item":
        return previous_form in ("heading", "title", "item")
    return is_wrapped or form != ""


def _line_content(bare: str, form: LineForm, handles: re.Match[str] | None) -> str:
    text = bare[: handles.start()] if handles else bare
    return text.partition(" ")[2] if form == "item" else text.partition(".")[2].strip("* ") if form == "head" else text

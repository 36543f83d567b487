"""What of a text its author wrote himself: without handoffs of ours that were put into it, and without what programs attach.

Text that Onward gave out comes back: a person pastes a handoff, a hook injects it, an agent prints it. It is no evidence of anything that was said
in the session it comes back in. Nor are reminders, hook output and files that a program put beside a person's words. The turn is kept whole; only
what is learned from it leaves these out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from onward.core.headings import BEARING, HEAD, NOTICES, SECTIONS, TELLING, WORKING_AS

_TAGS = (
    "system-reminder system_reminder system-notification system_notification hook_context additional_context user-prompt-submit-hook "
    "session-start-hook environment_details environment_context file_content file_contents folder_content url_content attached_file "
    "attached_files attachment attachments document document_content documents open_and_recently_viewed_files "
    "manually_attached_selection code_selection terminal_selection tool_result tool_results tool_output tool_response function_result "
    "function_results function_response web_page search_results"
).split()
"""In which programs put what no person typed, whichever agent it was; what only one agent does, its reader knows."""
_OPENING = re.compile(rf"(?m)^[ \t>]*<({'|'.join(_TAGS)})\b[^>\n]*>|<(system-reminder|system_reminder|hook_context)>")
_FILES, _FILES_END = "--- Content from referenced files ---", "--- End of content ---"

_OURS = ("Handoff after session", "earlier sessions began", '"sections"', *TELLING, *NOTICES)
_HANDLE = re.compile(r"\[s\d")
"""A text with none of these holds no handoff: looking for them is fast."""

Form: TypeAlias = Literal["preamble", "task", "notice", "title", "excerpt", "closing", "head", "heading", "item", "blank", ""]

_FORMS: tuple[tuple[Form, str], ...] = (
    ("preamble", rf"You continue work that earlier sessions began\.|Go on from \*?Do first|{WORKING_AS} .{{1,60}}?: you run "),
    ("task", r"Your task now: "),
    ("notice", "|".join(map(re.escape, NOTICES))),
    ("title", rf"#* ?Handoff after session \d+|#* ?(?:{'|'.join(map(re.escape, TELLING))})$"),
    ("excerpt", r"\[s\d+\.\d+\] (?:user|assistant|tool|fact)\b"),
    ("closing", r"Kept at [\d.,]+k? tokens|Left out: "),
    ("head", rf"\**(?:{'|'.join(HEAD)})\.\** "),
    ("heading", rf"#* ?(?:{'|'.join(map(re.escape, (*SECTIONS, BEARING)))})$|---$"),
    ("item", r"[-*•+] "),
    ("blank", r"$"),
)
_HANDLES = r" \[s\d+\.\d+(?:, s\d+\.\d+)*\]$"
_ENDS = ".!?…:;)"


class _Told(NamedTuple):
    """A line as it was told: what of it is the author's own (None when the line is ours), and what it says when it is ours."""

    own: str | None
    ours: str = ""


def own_words(text: str) -> str:
    """Return *text* without what was put into it; a text that holds nothing of the kind as it is."""
    if "<" in text or _FILES in text:
        text = _without_attached(text)
    if _may_be_ours(text):
        text = "\n".join(one.own for one in _told(_without_json(text)) if one.own is not None)
        text = re.sub(r"\n(?:[ \t\r]*\n){2,}", "\n\n", text).strip()
    return text


def handed_over(text: str) -> Iterator[str]:
    """Yield what the lines of handoffs in *text* say, wherever it was said, read or injected."""
    if _may_be_ours(text):
        yield from (one.ours for one in _told(text) if one.ours)


def _may_be_ours(text: str) -> bool:
    for mark in _OURS:
        if mark in text:
            return True
    return "[s" in text and _HANDLE.search(text) is not None


def _without_attached(text: str) -> str:
    kept: list[str] = []
    position, searched = 0, 0
    unclosed: set[str] = set()
    while found := _OPENING.search(text, searched):
        tag = found.group(1) or found.group(2)
        end = -1 if tag in unclosed else text.find(f"</{tag}>", found.end())
        searched = found.end()
        if end < 0:
            # One look for each tag: hostile text may open thousands that never close.
            unclosed.add(tag)
            continue
        kept.append(text[position : found.start()])
        position = searched = end + len(tag) + 3
    text = "".join((*kept, text[position:]))
    start, end = text.find(_FILES), text.rfind(_FILES_END)
    if start >= 0:
        text = text[:start] + (text[end + len(_FILES_END) :] if end > start else "")
    return text.strip()


def _without_json(text: str) -> str:
    """Return *text* without a handoff printed for programs."""
    start = text.find("{") if '"sections"' in text and '"closing"' in text else -1
    if start >= 0:
        # Rare, and it costs milliseconds to import.
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
    one = cast("dict[str, Any]", value)
    inner = cast("dict[str, Any]", one["handoff"]) if isinstance(one.get("handoff"), dict) else one
    return {"session", "head", "sections", "closing"} <= inner.keys()


def _told(text: str) -> Iterator[_Told]:
    """Yield each line of *text*.

    A handoff begins with its title, its prompt or a heading that is ours alone, and goes on while lines have its forms; its last line ends it. An item stands below its
    heading or another item, so a list after a blank line is the author's own. Where lines carry handles, one without is cut in two (a terminal did), and goes on. Outside,
    a line is ours by its handles.
    """
    within = excerpt = cut = False
    before: Form = "blank"
    has_handles = _HANDLE.search(text) is not None
    for line in text.split("\n"):
        bare = line.strip().removeprefix("> ").strip()
        form = _form(bare)
        handles = re.search(_HANDLES, bare)
        excerpt = form == "excerpt" or (excerpt and form != "blank")
        within = within or form in ("preamble", "title")
        if within and form == "task":
            yield _Told(bare.partition(": ")[2])
        elif excerpt or _is_ours(bare, form, before, handles, within=within, cut=cut):
            yield _Told(None, _said(bare, form, handles) if form in ("head", "item", "") else "")
        else:
            within = False
            yield _Told(line)
        cut = within and has_handles and not handles and (cut or form in ("head", "item", "closing")) and form != "blank"
        within = within and not bare.startswith("Left out: ")
        before = form if form or not cut else "item"


@cache
def _forms() -> re.Pattern[str]:
    """Return the pattern of every form. Compiled when first needed: few sessions hold a handoff."""
    return re.compile("|".join(f"({pattern})" for _, pattern in _FORMS))


def _form(bare: str) -> Form:
    found = _forms().match(bare)
    return _FORMS[found.lastindex - 1][0] if found and found.lastindex else ""


def _is_ours(bare: str, form: Form, before: Form, handles: re.Match[str] | None, *, within: bool, cut: bool) -> bool:
    if form == "notice":
        return True
    if handles and (within or form in ("head", "item") or bare[: handles.start()][-1:] in _ENDS):
        return True
    if not within:
        return False
    if form == "item":
        return before in ("heading", "title", "item")
    return cut or form != ""


def _said(bare: str, form: Form, handles: re.Match[str] | None) -> str:
    text = bare[: handles.start()] if handles else bare
    return text.partition(" ")[2] if form == "item" else text.partition(".")[2].strip("* ") if form == "head" else text

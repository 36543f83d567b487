"""Pages of Markdown that clients and exporters write of a session, divided into the sections of the speakers and the parts of each.

Output is not escaped and may hold such a page itself, so nothing inside a labelled code block opens a section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from onward.core.transcript.transcript import ImportReport, Role
from onward.formats.markdown_calls import ACT, is_open
from onward.formats.source import TranscriptSource

_RULE = re.compile(r"---$")


class PageLayout(NamedTuple):
    """The page of one exporter.

    `start` matches the beginning of the file and `heading` a line that opens a section, with the group `user` for the person's, `other` for
    the client's, `summary` for what a compaction wrote, and perhaps `call`, a tool that has a heading of its own. `marks` are the lines in
    a section that are no words: groups `call` (a tool's name), `thought`, `status`, `block` or `diff` (what the code block below shows),
    `answer` (a result without a fence), `inline` (arguments, with a `value` that begins on the line itself), `list` (of files, which the
    arguments name too), `act` (a call in one line of words); `text` is what stands before the mark; `frame` is around a block; `at` is the
    time of the section. A heading may be that of a `task` of a sub-agent, or have the `outcome` of a call. A section begins below a line
    that matches `above`, if any. `block_end` says how a code block ends: at its fence, at a fence with a blank line below, or at a fence
    that the next part of the message may follow on its line. `title` is what may precede the first heading of a page that may begin inside
    a conversation; what else stands there is a prompt if an answer follows.
    """

    agent: str
    start: re.Pattern[str]
    heading: re.Pattern[str]
    marks: re.Pattern[str]
    above: re.Pattern[str] | None = _RULE
    block_end: Literal["fence", "blank", "joined"] = "fence"
    title: re.Pattern[str] | None = None


_STEP = "### (?:User Input|Planner Response)\n"
_TITLE = r"# Chat Conversation\s+Note: _This is purely .*_\s*"
_OTHER_PAGE = r"#{2,4} |# aider |> |[❯›⏺•●✦╭]|_?\*\*(?:User|Human|Assistant|Cursor)|_Exported "
"""What lines of other clients' pages and screens begin with, which may quote a page of Antigravity's."""

LAYOUTS = (
    PageLayout(
        agent="opencode",
        start=re.compile(r"# .*\n\n\*\*Session ID:\*\* (?P<id>ses_\w+)\n\*\*Created:\*\* (?P<at>.+)\n"),
        heading=re.compile(
            r"## (?:(?P<user>User)|Assistant(?: \((?:(?P<summary>Compaction) |[^·\n]*)· (?P<model>.+?)(?: · [\d.]+s)?\))?)$"
        ),
        marks=re.compile(r"(?P<text>)(?:\*\*Tool: (?P<call>\S+)\*\*|\*\*(?P<block>Input|Output|Error):\*\*|(?P<thought>_Thinking:_))$"),
        block_end="blank",
    ),
    PageLayout(
        agent="qwen-code",
        start=re.compile(
            r"# Chat Session Export\n(?s:.){0,80}\*\*Session ID\*\*: `(?P<id>[^`\n]+)`(?:\n- \*\*Start Time\*\*: (?P<at>\S+))?"
        ),
        heading=re.compile(r"##(?: (?P<user>User)| Assistant|# (?P<other>System)|# Tool: (?P<call>.+))$"),
        marks=re.compile(
            r"(?P<text>)(?:\*\*Status\*\*: (?P<status>\w+)|\*\*(?P<block>Input|Output):\*\*|\*(?P<diff>Diff) for `.*`:\*|(?P<list>\*\*Affected Files:\*\*))$"
        ),
        above=None,
    ),
    PageLayout(
        agent="gemini-cli",
        start=re.compile("## (?:USER \U0001f9d1|MODEL \u2728)"),
        heading=re.compile("## (?:(?P<user>USER) \U0001f9d1\u200d\U0001f4bb|MODEL \u2728)$"),
        marks=re.compile(r"(?P<text>.*?)\*\*Tool (?P<block>Command|Response)\*\*:$"),
        block_end="joined",
    ),
    PageLayout(
        agent="claude-code",
        start=re.compile(r"# Claude Conversation Log\n\nSession ID: (?P<id>\S+)\n(?:Date: (?P<at>.+)\n)?"),
        heading=re.compile(
            "##(?: \U0001f464 (?P<user>User)| \U0001f916 Claude|# \U0001f527 (?P<tool>Tool Use)|# \U0001f4e4 (?P<answer>Tool Result)"
            "|# \u2139\ufe0f (?P<other>System))$"
        ),
        marks=re.compile(
            "(?P<text>)(?:\U0001f527 (?:Using tool|Tool): (?P<call>\\S+)|(?P<inline>Input): (?P<value>.*)"
            "|(?:\U0001f4e4|\u274c) (?P<answer>Result|Error):)$"
        ),
    ),
    PageLayout(
        agent="claude-code",
        start=re.compile(r"# Claude Session Export\n\n## Session Information\n\n- \*\*Session ID\*\*: `(?P<id>[^`\n]+)`\n"),
        heading=re.compile(r"### (?:(?P<user>User)|Assistant)$"),
        marks=re.compile(r"(?P<text>)> (?P<at>\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? .*\d:\d\d.*)$"),
        above=re.compile(r"---$|## Conversation$"),
    ),
    PageLayout(
        agent="copilot",
        start=re.compile(
            "# \U0001f916 Copilot CLI Session\n\n(?s:.){0,40}\\*\\*Session ID:\\*\\* `(?P<id>[^`\n]+)` *\n.*Started:\\*\\* (?P<at>.+)\n"
        ),
        heading=re.compile(
            "### (?:\U0001f464 (?P<user>User)|\U0001f4ac Copilot|\\S+ (?P<reasoning>Reasoning|Thinking)"
            "|\U0001f4e6 (?P<task>.+)|(?P<outcome>\\S+) `(?P<call>[^`]+)`|\\S+ (?P<other>\\S.*))$"
        ),
        marks=re.compile(
            r"(?P<text>)(?:<summary>(?P<block>Arguments)</summary>|(?P<frame></?details>|<summary>.*</summary>|<sub>.*</sub>))$"
        ),
        above=re.compile(r"<sub>.*</sub>$"),
    ),
    PageLayout(
        agent="antigravity",
        start=re.compile(rf"{_TITLE}|(?=(?:.*\n)*?### Planner Response\n)(?:(?!{_OTHER_PAGE}).*\n)*?(?:{_STEP})(?:.*\n)*?(?:{_STEP})"),
        heading=re.compile(r"### (?:(?P<user>User Input)|Planner Response)$"),
        marks=re.compile(rf"(?P<text>)(?P<act>{ACT})$"),
        above=None,
        title=re.compile(_TITLE),
    ),
)
_FAILED = "\u274c"
_FENCE = re.compile(r"(`{3,})([^`]*)$")

_WORDS = {"text", "thought", "reasoning", "list", "answer", "failure"}
"""The kinds of parts that hold the lines below their mark."""


@dataclass(slots=True)
class PagePart:
    """A part of a section. `kind` is `text`, `thought`, `call` (the name of a tool), `status`, `list`, `value` (arguments without a fence),
    `answer` or `failure` (a result without a fence), `act` (a line that shows a call), or the label of a code block.
    """

    kind: str
    text: str
    line: int


@dataclass(slots=True)
class PageSection:
    """The content below one heading."""

    role: Role
    model: str | None
    line: int
    clock: str = ""
    is_failed: bool = False
    sidechain: str | None = None
    """The task of a sub-agent that the section is part of: below the heading of a task nothing else parts its steps."""
    is_summary: bool = False
    """The agent wrote it to replace the conversation before it."""
    parts: list[PagePart] = field(default_factory=list[PagePart])

    @property
    def first_words(self) -> str:
        """The beginning of the section."""
        return self.parts[0].text.lstrip() if self.parts else ""

    def add_line(self, line: str, number: int) -> None:
        """Add a line of words."""
        if self.parts and self.parts[-1].kind in _WORDS:
            self.parts[-1].text += f"\n{line}"
        else:
            self.parts.append(PagePart("text", line, number))
        if self.role == "user" and line.strip() and len(self.parts) > 1 and any(part.kind == "act" for part in self.parts):
            # The agent's words have a heading, so what stands below an act here is quoted by the person, and so is the act.
            self.parts = [PagePart("text", "\n".join(part.text for part in self.parts), self.parts[0].line)]


class _Splitter:
    """The open section of a page, and the open code block in it."""

    def __init__(self, layout: PageLayout) -> None:
        self.layout = layout
        self.section = PageSection(role="user", model=None, line=1) if layout.title else None
        self.is_beginning = layout.title is not None
        """No heading was met yet, and what stands above it belongs to the conversation."""
        self.label = ""
        """What the next code block shows."""
        self.usual_label = ""
        """What a code block without a label shows in this section."""
        self.block: PagePart | None = None
        self.fence = ""
        self.depth = 0
        self.may_end = False
        """The last line ended the block, if a blank line follows."""
        self.above: str | None = ""
        """The last line, if a section may begin below it."""

    def take(self, number: int, line: str) -> Iterator[PageSection]:
        """Read one line, and yield the section that it finishes."""
        heading = self.layout.heading.match(line) if line.startswith("##") else None
        if heading and self.above is None and not (self.section and self.section.sidechain):
            heading = None
        if self.block is not None and self.may_end and line.strip():
            self.block.text += f"\n{self.fence}"
            self.may_end = False
        elif self.block is not None and self.may_end:
            self._end_block()
        if self.block is not None and not (heading and self.depth):
            self._take_block_line(number, line)
        elif heading is not None:
            self._end_block()
            task = self.section if self.above is None else None
            self._assign_beginning(heading)
            yield from self.end()
            self._open_section(number, heading, task)
        elif self.section is not None:
            self._take_line(number, line)
        if line.strip():
            self.above = line if self.layout.above is None or self.layout.above.match(line) else None

    def end(self) -> Iterator[PageSection]:
        """Yield the open section."""
        section, self.section = self.section, None
        if section is not None:
            yield section

    def _assign_beginning(self, heading: re.Match[str]) -> None:
        """Say whose the words above the first heading are: a prompt that an answer follows, an answer that a prompt follows, or a title."""
        if not self.is_beginning or self.section is None or self.layout.title is None:
            return
        self.is_beginning = False
        for part in self.section.parts[:1]:
            part.text = self.layout.title.sub("", part.text.lstrip(), count=1)
        if heading["user"]:
            self.section.role = "system" if self.section.first_words.startswith("#") else "assistant"

    def _open_section(self, number: int, heading: re.Match[str], task: PageSection | None) -> None:
        """Open the section below *heading*; it is part of *task*, if any."""
        fields = heading.groupdict()
        role: Role = "user" if fields.get("user") else "system" if fields.get("other") else "assistant"
        self.section = PageSection(role=role, model=fields.get("model"), line=number)
        if task is not None:
            self.section.sidechain, self.section.clock = task.sidechain, task.clock
        else:
            self.section.sidechain = f"task-{number}" if fields.get("task") else None
            self.section.clock = self.above or "" if self.layout.above else ""
        self.section.is_summary = bool(fields.get("summary"))
        if name := fields.get("call"):
            self.section.parts.append(PagePart("call", name, number))
            self.section.is_failed = fields.get("outcome") == _FAILED
        elif kind := "answer" if fields.get("answer") else "reasoning" if fields.get("reasoning") else "":
            self.section.parts.append(PagePart(kind, "", number))
        self.label = self.usual_label = "output" if "outcome" in fields and fields["call"] else ""

    def _take_line(self, number: int, line: str) -> None:
        assert self.section is not None
        fence = _FENCE.match(line) if self.label else None
        if fence is not None:
            self.block, self.fence, self.depth = PagePart(self.label, "", number), fence[1], 0
            self.section.parts.append(self.block)
        elif self.section.parts and self.section.parts[-1].kind == "act" and is_open(self.section.parts[-1].text):
            self.section.parts[-1].text += f"\n{line}"
        elif mark := self.layout.marks.match(line):
            self._take_mark(number, mark)
        elif self.section.parts and self.section.parts[-1].kind == "value" and line and not line.startswith("---"):
            self.section.parts[-1].text += f"\n{line}"
        else:
            self.label = self.label if not line.strip() else self.usual_label
            self.section.add_line(line, number)

    def _take_mark(self, number: int, mark: re.Match[str]) -> None:
        assert self.section is not None
        fields = mark.groupdict()
        if words := fields["text"]:
            self.section.add_line(words, number)
        if fields.get("at"):
            self.section.clock = fields["at"]
            return
        self.label = (fields.get("block") or fields.get("diff") or self.usual_label).lower()
        if name := fields.get("call"):
            self.section.parts.append(PagePart("call", name, number))
        elif fields.get("thought"):
            self.section.parts.append(PagePart("thought", "", number))
        elif status := fields.get("status"):
            self.section.parts.append(PagePart("status", status, number))
        elif fields.get("inline"):
            self.section.parts.append(PagePart("value", fields["value"], number))
        elif act := fields.get("act"):
            self.section.parts.append(PagePart("act", act, number))
        elif fields.get("list"):
            self.section.parts.append(PagePart("list", "", number))
        elif answer := fields.get("answer"):
            self.section.parts.append(PagePart("failure" if answer == "Error" else "answer", "", number))

    def _take_block_line(self, number: int, line: str) -> None:
        assert self.block is not None
        fence = _FENCE.match(line)
        if fence and fence[1] == self.fence and not fence[2].strip():
            if self.depth:
                self.depth -= 1
            elif self.layout.block_end == "blank":
                self.may_end = True
                return
            else:
                self._end_block()
                return
        elif fence and fence[1] == self.fence and self.layout.block_end == "blank":
            self.depth += 1
        elif self.layout.block_end == "joined" and line.startswith(self.fence):
            # The next part of the message is on the line that ends the block.
            self._end_block()
            self._take_line(number, line.lstrip("`"))
            return
        self.block.text += f"\n{line}" if self.block.text else line

    def _end_block(self) -> None:
        self.block, self.fence, self.label, self.depth, self.may_end = None, "", self.usual_label, 0, False


def read_sections(source: TranscriptSource, layout: PageLayout, report: ImportReport) -> Iterator[PageSection]:
    """Yield the sections of a page. Every non-blank line is a record."""
    splitter = _Splitter(layout)
    for number, line in source.text_lines():
        if line.strip():
            report.keep()
        yield from splitter.take(number, line.rstrip("\r\n"))
    yield from splitter.end()

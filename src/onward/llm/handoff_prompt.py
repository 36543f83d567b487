"""What a writer is asked: to write the handoff from the evidence, or to mend what was refused."""

from __future__ import annotations

from collections.abc import Sequence

from onward.core.evidence.obligations import Obligation
from onward.core.evidence.pack import EvidencePack
from onward.core.handoff import writer_sections
from onward.core.handoff.writer_sections import HEAD_SECTIONS, SECTIONS
from onward.llm.checks.guard import WrittenLine

WRITING = """\
You write the handoff of one software project: the page that the next person or agent reads instead of the transcripts, to go on at once. \
The material below is evidence of what happened. You know nothing else.

Ask of each line: without it, would the next one do something wrong, do work twice, or ask again? If not, leave it out. The page has at \
most {tokens} tokens, fewer where little was done. No chatter, no story of the session, no "the user asked".

Write Markdown in this form. Leave out a heading with nothing under it, and a line of the head that the evidence does not fill.

# Handoff
**{sections.GOAL}.** What the work is for, in one sentence: the purpose that still holds, not the first chore. [s1.1]
**{sections.STATE}.** Where it stands now: what works, what is broken, branch, last commit, pushed or not, pull request. [s1.9]
**{sections.DO_FIRST}.** ONE step that is not done and can be begun as it stands: a command, a file, a question to the person. [s1.9]
## {sections.RULES}
- What the person demands for always, not for one task, in the person's own words in quotation marks. Never make a rule of a \
request. [s1.3]
## {sections.NEXT}
- Open work, the most urgent first: asked and not done, failing and not fixed, promised, unanswered questions and who must answer. [s1.7]
## {sections.DECIDED}
- What was chosen, over what, and why. Say "Replaces: …" where it ends an earlier decision. [s1.5]
## {sections.DONE}
- What is finished, one line a feature, with its proof (the command and its result, the commit). [s1.6, s1.8]
## {sections.TRIED}
- What was tried, and why it failed or was turned down. [s1.4]
## {sections.FIXES}
- Symptom → cause → fix (file). [s1.2, s1.4]
## {sections.FILES}
- `path` — what it is for, or what changed in it. Only files that the next one needs. [s1.6]
## {sections.COMMANDS}
- `exact command` — what for, and how it last ended. [s1.6]
## {sections.LEARNED}
- A fact about the code, a tool or a service that cost time to find. [s1.4]
## {sections.VALUES}
- Name: value (address, port, version, id, flag, variable). Only those that someone will need. [s1.2]

How to write a line:
- One fact, at most 40 words, complete by itself: name the thing, not "it" or "this". Keep the words of the evidence where they are \
good. Copy paths, commands, numbers, ids, error texts and names letter by letter, in backticks. Never round, \
convert, translate or complete them.
- End it with the handles of the evidence that proves it, in brackets, at most three. Everything exact in the line stands there. Without a \
handle there is no line.
- The newest word wins. What was overturned is not told as true, what was done, answered or given up is not open.
- What the agent says is a claim; a result, a commit and the person's "it works" are proof. Where they disagree, tell the result.
- Keep every "not" and "never". Write in the language that the person writes in.
- Each thing on the list of what is owed has its line, unless the evidence shows that it is done or taken back."""

CARRYING = """
The material begins with the handoff that stands so far, the only memory of the earlier sessions. Each of its lines that is still true and \
still of use is in your page again with its handles; shorten it, do not weaken it. Change what the new session changes: what got done \
moves from Next to Done, what was overturned goes or says what replaces it; Goal, State and Do first are written anew. Rules stay word \
for word. \
Where you drop a line, give its handle and the reason with the handle that shows it, in the last line of the page:
Dropped: [s1.4] fixed in s2.9, [s1.7] replaced by s2.5"""

REPAIRING = """\
You wrote the handoff of a software project. A program held its lines against the evidence. The material below lists what it refused and \
why, with the evidence of those lines, and what is owed: things that the page may not leave out.

Answer with the lines that change and nothing else, each under its heading (## Next, ## Done …) or, in the head, as **State.** …, and \
each with its handles. A refused line that you do not write again is left out. For what is owed, write a line, or drop it with a \
reason and the handle that shows it, in one last line: `Dropped: [s1.4] done in s2.9`. An owed rule that was demanded for one task only \
is told under Next, Decided or Done, and dropped: `Dropped: [s1.4] for one task`. Copy every value letter by letter from the evidence."""


def writing_instructions(tokens: int, *, carries: bool) -> str:
    """Return the instructions for a page of at most *tokens*; *carries* says that the material begins with a standing handoff."""
    return WRITING.format(tokens=tokens, sections=writer_sections) + (f"\n{CARRYING}" if carries else "")


def writing_material(packs: Sequence[EvidencePack], standing: Sequence[WrittenLine], owed: Sequence[Obligation]) -> str:
    """Return the material of the first call: the current handoff, the evidence of the sessions, and the required items."""
    parts = []
    if standing:
        parts.append("The handoff so far\n" + render_lines(standing))
    parts += [pack.render() for pack in packs]
    if owed:
        parts.append("Owed\n" + "\n".join(f"- {item.section}: {item.text}{_handles(item.handles)}" for item in owed))
    return "\n\n".join(parts)


def render_lines(lines: Sequence[WrittenLine]) -> str:
    """Return written lines as the Markdown page that a writer is asked for."""
    parts = [f"**{line.section}.** {line.text}{_handles(line.handles)}" for line in lines if line.section in HEAD_SECTIONS]
    for section in SECTIONS:
        members = [f"- {line.text}{_handles(line.handles)}" for line in lines if line.section == section]
        parts += [f"## {section}", *members] if members else []
    return "\n".join(parts)


def _handles(handles: Sequence[object]) -> str:
    return f" [{', '.join(map(str, handles[:3]))}]" if handles else ""

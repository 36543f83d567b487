"""The evidence pack: what a writer sees of one session, chosen by code from its turns.

First come all words of the person, the last report, git and open tasks; then reports, reasons, failures and checks; then the rest, until
the budget is full. A line that comes first in rank but does not fit is cut, never left out; later ones are left out whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from onward.core.evidence.line import EvidenceLine, Voice
from onward.core.evidence.session import SessionState, session_state
from onward.core.extract.command_lines import command_key, find_error_line
from onward.core.extract.phrases import pattern
from onward.core.extract.tool_results import draft_tool_facts
from onward.core.extract.trace import CommandRun, Statement, Trace, observe
from onward.core.facts.fact import Handle
from onward.core.text.prose import one_line
from onward.core.transcript.dialogs import join_dialogs
from onward.core.transcript.transcript import SessionHead, ToolCall, Turn

PACK_TOKENS, SMALL_PACK_TOKENS = 6_000, 3_000
"""The tokens of a pack of one session, and of each pack when all sessions are written again."""

_LANGUAGES = frozenset(("en", "id", "fr", "es", "pt", "de"))
_REASON = re.compile(
    r"because|root cause|caused by|the (?:issue|problem|bug|reason|cause|fix)\b|turns? out|instead|decid|chose|prefer|rather than|so that|"
    r"otherwise|fail|error|broke|wrong|missing|must|never|always|only|cannot|n't|should|need|revert|remov|replac|renam|found|actually|"
    r"however|but |\bnot |pass(?:es|ed|ing)|verif|confirm|next|remain|todo|pending|block|wait|default|version|deprecat|workaround|limit|"
    r"karena|sebab|gagal|jangan|harus|parce que|échou|erreur|corrig|doit|porque|falh|fallo|erro|weil|fehl|muss|nicht",
    re.I,
)
_LOOKING = re.compile(
    r"^(?:cd|ls|cat|head|tail|sed -n|grep|rg|find|echo|pwd|which|wc|sleep|git (?:status|diff|log|show|branch|add|fetch)|mkdir|tree|ps|jq)\b"
)
_CHECK = re.compile(
    r"\b(?:test|tests|pytest|vitest|jest|lint|eslint|ruff|mypy|pyright|tsc|typecheck|build|check|fmt|clippy|vet|e2e|verify|"
    r"migrate|deploy)\b"
)
_RESULT_COUNT = re.compile(r"\b\d+ (?:passed|passing|failed|failing|tests?|problems?|errors?|warnings?)[^\n]{0,60}", re.I)
_SENTENCE_END = re.compile(r"(?<=[.!?。])(?<!^\d\.)(?<!^\d\d\.)\s+(?=[A-ZÀ-Þ`\"*(\[])")
"""A number at the beginning of a line counts an item: its text belongs to it."""
_EXACT = re.compile(r"`|\d|\w/\w|\w_\w|[a-z][A-Z]")
_OUTPUT = re.compile(
    r"\s*(?:>|\$|\d+[:|]|[│╵┊|~]|at \S+ ?\(|[\w./@-]+/[\w./@-]+$|\S+: /|[✖✗✓⚠▲•\u2500-\u25ff]|\d{4}-\d\d|\s{4,}|npm |\[\w+\])"
)
_FENCED = re.compile(r"```.*?```", re.S)
_ANSWERING_TOOLS = frozenset(("task", "agent", "taskoutput", "websearch", "webfetch"))


class EvidencePack(NamedTuple):
    """The pack of one session: a line that names the session, the evidence in order of its turns, how many pieces had no room, and the
    state at the session's end.
    """

    title: str
    lines: tuple[EvidenceLine, ...]
    left_out: int
    state: SessionState

    def render(self) -> str:
        """Return the pack as a prompt shows it."""
        note = [f"({self.left_out} pieces of evidence had no room)"] if self.left_out else []
        return "\n".join([self.title, *(line.render() for line in self.lines), *note])


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A line that may be chosen. Lower ranks are chosen first, within a rank higher values."""

    line: EvidenceLine
    rank: int
    value: float


def build_pack(
    number: int, head: SessionHead, turns: Sequence[tuple[int, Turn]], count_tokens: Callable[[str], int], budget_tokens: int = PACK_TOKENS
) -> EvidencePack:
    """Return the evidence of session *number*, whose *turns* (ordinal, turn) are on its main path, in at most *budget_tokens*."""
    turns = join_dialogs(turns)
    trace = observe(turns)
    title = _title(number, head, trace)
    candidates = list(_Collector(number, head, turns=turns, trace=trace, budget_tokens=budget_tokens).collect())
    lines, left_out = _choose(candidates, count_tokens, budget_tokens - count_tokens(title) - 12)
    return EvidencePack(title, lines, left_out, session_state(number, trace, branch=head.branch))


def _title(number: int, head: SessionHead, trace: Trace) -> str:
    fields = (
        f"session {number}",
        head.agent,
        f"{head.started_at:%Y-%m-%d %H:%M}" if head.started_at else "",
        f"folder {head.cwd}" if head.cwd else "",
        f"branch {head.branch}" if head.branch else "",
        f"{trace.turns} turns",
        f"title: {head.title}" if head.title else "",
    )
    return " · ".join(part for part in fields if part)


def _choose(
    candidates: Sequence[_Candidate], count_tokens: Callable[[str], int], budget_tokens: int
) -> tuple[tuple[EvidenceLine, ...], int]:
    """Return the chosen lines in order of their turns, and how many others there are."""
    ranked = sorted(enumerate(candidates), key=lambda entry: (entry[1].rank, -entry[1].value, entry[0]))
    chosen: list[tuple[int, int, EvidenceLine]] = []
    left_tokens, left_out, texts = budget_tokens, 0, set[str]()
    for position, candidate in ranked:
        line = candidate.line
        if line.text in texts:
            continue
        cost = count_tokens(line.render()) + 1
        if cost > left_tokens and candidate.rank == 0 and left_tokens > 40:
            line = line._replace(text=_ends(line.text, int(len(line.text) * 0.9 * left_tokens / cost)))
            cost = count_tokens(line.render()) + 1
        if cost > left_tokens:
            left_out += 1
            continue
        left_tokens -= cost
        texts.add(line.text)
        chosen.append((line.handle.turn, position, line))
    return tuple(line for _, _, line in sorted(chosen)), left_out


def _ends(text: str, most_chars: int) -> str:
    """Return *text* with its middle left out where it is longer than *most_chars*."""
    text = text.strip()
    if len(text) <= most_chars or most_chars < 20:
        return text
    head = int(most_chars * 0.7)
    return f"{text[:head].rstrip()} […{len(text) - most_chars} characters…] {text[head - most_chars :].lstrip()}"


def _condense(text: str, most_chars: int) -> str:
    """Return *text* with only its most telling lines and sentences, in order, where it is longer than *most_chars*."""
    if len(text) <= most_chars:
        return text
    pieces = [piece for line in text.split("\n") for piece in _SENTENCE_END.split(line.strip()) if piece.strip("-=_*─|`{}()[]; ")]
    scores = {index: _tells(piece, index, len(pieces)) for index, piece in enumerate(pieces)}
    kept_parts, left_chars = set[int](), most_chars
    for index in sorted(scores, key=lambda index: (-scores[index], index)):
        if len(pieces[index]) + 1 <= left_chars:
            left_chars -= len(pieces[index]) + 1
            kept_parts.add(index)
    parts = [("… " if index and index - 1 not in kept_parts else "") + pieces[index] for index in sorted(kept_parts)]
    return "\n".join(parts) or _ends(text, most_chars)


def _tells(piece: str, index: int, count: int) -> float:
    """Return how informative a sentence of a long text is: reasons and exact names most, then its beginning and its end."""
    edge = 0.8 if index == 0 or index == count - 1 else 0.0
    return 1.0 * bool(_REASON.search(piece)) + 0.6 * bool(_EXACT.search(piece)) + edge + 0.4 * index / count - len(piece) / 1500


def _without_output(text: str) -> str:
    """Return a person's *text* with runs of pasted output shortened to their first and last line."""
    lines, kept_parts, skipped = text.split("\n"), list[str](), list[str]()
    for line in [*lines, ""]:
        if line and kept_parts and _OUTPUT.match(line):
            skipped.append(line)
            continue
        kept_parts += skipped if len(skipped) < 4 else [skipped[0], f"[…{len(skipped) - 2} lines…]", skipped[-1]]
        skipped = []
        kept_parts.append(line)
    return "\n".join(kept_parts).strip()


def _squeeze(text: str) -> str:
    """Return *text* without blank lines and without the middle of long code blocks."""
    return re.sub(r"\n\s*\n+", "\n", _FENCED.sub(lambda match: _ends(match[0], 400), text).strip())


class _Collector:
    """Collects the evidence of one session with its rank."""

    def __init__(self, number: int, head: SessionHead, turns: Sequence[tuple[int, Turn]], trace: Trace, budget_tokens: int) -> None:
        self._number, self._head, self._turns, self._trace = number, head, turns, trace
        self._last = max(1, trace.turns)
        self._budget_chars = 4 * budget_tokens
        self._prefix = head.cwd.rstrip("/") + "/" if len(head.cwd) > 3 else ""

    def collect(self) -> Iterator[_Candidate]:
        """Yield every piece of evidence, each kind in order of turns."""
        yield from self._statements()
        yield from self._tool_facts()
        yield from self._tasks()
        yield from self._runs()
        yield from self._edits()

    def _at(self, turn: int, voice: Voice, text: str, rank: int, value: float = 0.0) -> _Candidate:
        return _Candidate(EvidenceLine(Handle(self._number, turn), voice, text), rank, value)

    def _short(self, text: str) -> str:
        return text.replace(self._prefix, "") if self._prefix else text

    def _fair_chars(self, share: float, count: int, least: int, most: int) -> int:
        """Return the characters of one of *count* texts that may take *share* of the budget together."""
        return max(least, min(most, int(share * self._budget_chars / max(1, count))))

    def _statements(self) -> Iterator[_Candidate]:
        spoken = [statement for statement in self._trace.statements if statement.author == "agent" and not statement.is_summary]
        last = spoken[-1] if spoken else None
        reports = self._fair_chars(0.45, sum(statement.is_closing for statement in spoken), 350, 1800)
        persons = self._fair_chars(0.35, sum(statement.author == "user" for statement in self._trace.statements), 250, 1500)
        for statement in self._trace.statements:
            age = statement.turn / self._last
            text = _squeeze(statement.text)
            if statement.author == "user":
                yield from self._person(statement, _without_output(text), persons, age)
            elif statement.is_summary:
                yield self._at(statement.turn, "summary", _condense(text, self._fair_chars(0.2, 1, 500, 4000)), 2, 1)
            elif statement is last:
                yield self._at(statement.turn, "report", self._short(_condense(text, self._fair_chars(0.3, 1, 700, 4500))), 0, 3)
            elif statement.is_closing:
                yield self._at(statement.turn, "report", self._short(_condense(text, reports)), 1, 3 + age)
            else:
                yield from self._spoken(statement, text, age)

    def _person(self, statement: Statement, text: str, most: int, age: float) -> Iterator[_Candidate]:
        yield self._at(statement.turn, "person", _condense(text, most), 0, age)
        if len(text) > most:
            yield self._at(statement.turn, "person", f"(all of it) {_ends(text, 3000)}", 3)

    def _spoken(self, statement: Statement, text: str, age: float) -> Iterator[_Candidate]:
        if len(text) > 500:
            yield self._at(statement.turn, "agent", self._short(_condense(text, self._fair_chars(0.07, 1, 400, 1200))), 1, 1.5 + age)
            return
        narration = pattern("narrate", _LANGUAGES)
        sentences = [part for line in text.split("\n") for part in _SENTENCE_END.split(line.strip()) if part]
        telling = [part for part in sentences if not narration.match(part.lower()) and not (part.endswith(":") and len(part) < 80)]
        for has_reason, rank, value in ((True, 1, 1.0), (False, 2, 0.0)):
            if kept_parts := " ".join(part for part in telling if bool(_REASON.search(part)) is has_reason):
                yield self._at(statement.turn, "agent", self._short(kept_parts), rank, value + age)

    def _tool_facts(self) -> Iterator[_Candidate]:
        for draft in draft_tool_facts(self._trace, self._head.cwd, self._head.branch):
            turn = draft.turns[0] if draft.kind == "file" else draft.turns[-1]
            if draft.kind == "file":
                yield self._at(turn, "file", draft.text, 1, 0.5 + draft.weight)
            elif draft.subject.startswith(("commit:", "pull:", "branch:", "git:")):
                is_late = not draft.subject.startswith("commit:") or turn > 0.8 * self._last
                yield self._at(turn, "git", draft.text, 0 if is_late else 1, 2 + turn / self._last)

    def _tasks(self) -> Iterator[_Candidate]:
        for turns, todo in self._trace.todos:
            is_open = todo.status in ("pending", "in_progress")
            yield self._at(turns[-1], "task", f"{todo.status}: {todo.text}", 0 if is_open else 2, 2.0 if is_open else 0.5)

    def _runs(self) -> Iterator[_Candidate]:
        by_command: dict[str, list[CommandRun]] = {}
        for run in self._trace.runs:
            if key := command_key(run.command):
                by_command.setdefault(key, []).append(run)
        for key, runs in by_command.items():
            name = one_line(self._short(key), 220)
            for index, run in enumerate(runs):
                yield from self._run(name, run, runs[index + 1 :])

    def _run(self, name: str, run: CommandRun, later: Sequence[CommandRun]) -> Iterator[_Candidate]:
        age = run.turn / self._last
        is_looking = bool(_LOOKING.match(name))
        output = self._short(run.output.strip())
        if run.failed:
            error = find_error_line(output)
            passed = next((other.result_turn for other in later if other.failed is False), 0)
            end = f" (passed later, at s{self._number}.{passed})" if passed else "" if is_looking else " (never passed in this session)"
            text = f"`{name}` → FAILED: {error or one_line(output[-160:], 160)}{end}"
            yield self._at(run.result_turn, "run", text, (2 if later else 1) if error and not is_looking else 4, 2 + age)
        elif later and not _CHECK.search(name):
            return
        elif _CHECK.search(name) and not is_looking:
            counts = _RESULT_COUNT.findall(output)
            result = one_line(", ".join(counts[-3:]), 120) or one_line(output[-160:], 160)
            outcome = "ok" if run.failed is False else "result not said"
            yield self._at(run.result_turn, "run", f"`{name}` → {outcome}{f': {result}' if result else ''}", 3 if later else 1, 2 + age)
        else:
            purpose = f" ({one_line(run.purpose, 80)})" if run.purpose else ""
            shown = _ends(one_line(output, 4000), 200 if is_looking else 260)
            if shown or not is_looking:
                yield self._at(run.result_turn, "run", f"`{name}`{purpose} → {shown or 'no output'}", 4 if is_looking else 3, age)

    def _edits(self) -> Iterator[_Candidate]:
        calls: dict[str, ToolCall] = {}
        for ordinal, turn in self._turns:
            age = ordinal / self._last
            for call in turn.calls:
                calls[call.id] = call
                if text := _edit_text(call):
                    yield self._at(ordinal, "edit", self._short(text), 3, 0.5 + age)
            for result in turn.results:
                question_call = calls.get(result.call_id)
                if question_call and question_call.name.lower() in _ANSWERING_TOOLS:
                    yield self._at(ordinal, "sub-agent", f"{question_call.name}: {_ends(_squeeze(result.text), 900)}", 3, 0.6 + age)


def _edit_text(call: ToolCall) -> str:
    """Return what an editing call changes, as one line; empty for any other call."""
    if isinstance(call.arguments, str):
        return _patch_text(call.arguments)
    values = {name: value for name, value in call.arguments.items() if isinstance(value, str)}
    path = values.get("file_path") or values.get("filePath") or values.get("path") or ""
    new = values.get("new_string") or values.get("newString") or values.get("newText") or values.get("new_str") or ""
    if new and path:
        old = values.get("old_string") or values.get("oldString") or values.get("oldText") or values.get("old_str") or ""
        old_lines, new_lines = ([line.strip() for line in text.split("\n") if line.strip()] for text in (old, new))
        added = " ⏎ ".join(line for line in new_lines if line not in old_lines)
        removed = " ⏎ ".join(line for line in old_lines if line not in new_lines)
        parts = [f"+ {one_line(added, 280)}" if added else "", f"− {one_line(removed, 130)}" if removed else ""]
        return f"`{path}`: {' '.join(part for part in parts if part)}" if added or removed else ""
    if (body := values.get("content")) and path:
        return f"`{path}`, written: {_ends(_squeeze(body), 900 if path.endswith(('.md', '.txt')) else 300)}"
    return _patch_text(values.get("patchText") or values.get("patch") or values.get("input") or "")


def _patch_text(patch: str) -> str:
    if "*** " not in patch:
        return ""
    lines = [line.strip() for line in patch.split("\n") if line[:1] in "+-" and line[1:].strip()]
    return f"a patch: {one_line(' ⏎ '.join(lines), 440)}" if lines else ""

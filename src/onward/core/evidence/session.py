"""What the tools of a session show of its state at the end: git, tests, the task list and the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from onward.core.extract.command_lines import command_key
from onward.core.extract.repository_state import shown_commits
from onward.core.extract.trace import Trace
from onward.core.facts.fact import Handle

_SWITCH = re.compile(r"git (?:checkout(?: -[bB])?|switch(?: -[cC])?) ['\"]?([\w./-]+)['\"]?(?:\s|$)")


@dataclass(frozen=True, slots=True)
class SessionState:
    """The state at the end of session *number*. `is_observed` says that its tool calls were seen.

    `is_pushed` is None without a commit; `uncommitted` are the paths changed since the last commit; `outcomes` says for each command
    whether its last run failed (None if the log does not say); `open_tasks` are texts of the task list.
    """

    number: int
    is_observed: bool = True
    branch: str = ""
    commits: tuple[tuple[str, Handle], ...] = ()
    is_pushed: bool | None = None
    uncommitted: tuple[str, ...] = ()
    uncommitted_handle: Handle | None = None
    outcomes: Mapping[str, tuple[bool | None, Handle]] = field(default_factory=dict[str, tuple[bool | None, Handle]])
    open_tasks: tuple[tuple[str, Handle], ...] = ()


def session_state(number: int, trace: Trace, *, branch: str = "") -> SessionState:
    """Return what the tools of session *number* show; *branch* is where it began."""
    commits: dict[str, int] = {}
    is_pushed: bool | None = None
    for run in trace.runs:
        if "git" not in run.command and "gh " not in run.command:
            continue
        if run.failed is not True and (switch := _SWITCH.search(run.command)) and " -- " not in run.command:
            branch = switch[1]
        if "git push" in run.command and not run.failed and commits:
            is_pushed = True
        for name, commit, _ in shown_commits(run):
            commits[commit], branch = run.result_turn, name or branch
            is_pushed = "git push" in run.command and run.failed is not True
    last_commit = max(commits.values(), default=0)
    edited = [change for change in trace.changes if change.turn > last_commit] if commits else trace.changes
    paths = dict.fromkeys(change.change.path.replace("\\", "/") for change in edited)
    outcomes = {command_key(run.command): (run.failed, Handle(number, run.result_turn)) for run in trace.runs}
    return SessionState(
        number=number,
        branch=branch,
        commits=tuple((commit, Handle(number, turn)) for commit, turn in commits.items()),
        is_pushed=is_pushed,
        uncommitted=tuple(paths) if commits else (),
        uncommitted_handle=Handle(number, edited[-1].turn) if edited and commits else None,
        outcomes=outcomes,
        open_tasks=tuple(
            (todo.text, Handle(number, turns[-1])) for turns, todo in trace.todos if todo.status in ("pending", "in_progress")
        ),
    )

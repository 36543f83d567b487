"""The state of the repository at the end of a session: commits, branch, pushes, uncommitted files, and how the last checks ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from onward.core.extract.command_lines import COLOURS, command_key, find_error_line
from onward.core.extract.phrases import PHRASES, pattern
from onward.core.extract.tool_draft import ToolDraft
from onward.core.extract.trace import CommandRun, Trace
from onward.core.facts.fact import FAILED_PUSH, GIT_BRANCH, GIT_STATE, TESTS_STATE
from onward.core.text.prose import one_line
from onward.message import Message

_COMMIT = re.compile(r"(?m)^(?:\[([\w./-]+)(?: \(root-commit\))? |Commit )([0-9a-f]{7,40})\]? (.+)$")
_COMMITTING = re.compile(r"\bgit\b(?:\\\n|[^\n])*\b(?:commit|merge|cherry-pick|revert|rebase|am|pull)\b|^\s*/(?:commit|undo)")
"""Only the output of these commands shows commits; a log or a file may contain any line."""
_PULL = r"https?://[\w.-]+/[\w.-]+/[\w.-]+/(?:pull|merge_requests|pulls)/\d+"
_TITLE = r"""--title[ =](["'])(.+?)\1"""
_BRANCH = r"git (?:checkout -[bB]|switch -[cC]|worktree add (?:\S+ )?-b) ['\"]?([\w./-]+)"
_TEST_RUN = re.compile(
    r"\b(?:pytest|vitest|jest|mocha|rspec|phpunit|go test|cargo test|npm (?:run )?test|pnpm (?:run )?test|bun (?:run )?test|yarn test|"
    r"mise run test\S*|"
    r"(?:hardhat|forge|anchor|truffle|deno|flutter|dart|swift|mix|rails|artisan|ng|zig|stack|cabal|sbt|lein|bazel|scarb) test|cypress run|"
    r"make test\S*|tox|ctest|playwright test|dotnet test|gradlew? \S*test|mvn \S*test|python3? -m unittest)\b"
)
_MENTIONS = re.compile(r"<<|\b(?:install|add|grep|rg|cat|which|rm|ls|echo|find|sed|head|tail|git)\b")
_SEARCHED = re.compile(r"(?<=[ =])(?:\"[^\"]*\\?\|[^\"]*\"|'[^']*\\?\|[^']*')")
"""A quoted argument with alternatives, as a search has it: its bars separate no commands."""
_PROGRAM_ENDING = re.compile(r"(?i)(?<=\w)\.(?:cmd|exe|ps1)(?= )")
"""The ending of a program's name on Windows."""
_COMMAND_END = re.compile(r"&&|\|\||;|\|")
_TEST_COUNTS = re.compile(
    r"(\d+ (?:tests? )?(?:passed|failed|passing|failing)[^\n]{0,60}|\bFAIL\b[^\n]{0,60}|(?:Tests|Test Files):?\s+[^\n]{3,60}|"
    r"test result: [^\n]{3,60}|^ok\s+\S+)",
    re.M,
)
_CHECK_RUN = re.compile(
    r"(?:^|[;&|]\s*|\s)(?:(?:go|cargo|dotnet|swift|docker|next|vite|gradlew?|mvn|make|just|task) (?:\S+ )?(?:build|vet|check|clippy|lint|compile|package|"
    r"typecheck|fmt)|(?:npm|pnpm|yarn|bun) (?:run )?(?:build|lint|check|typecheck|type-check|format)\S*|(?:npx )?(?:tsc|eslint|ruff|mypy|"
    r"pyright|golangci-lint|prettier|biome|clippy)\b)"
)
_FAILED_TESTS = re.compile(r"--- FAIL: (\S+)|^FAILED (\S+)|^\s*(?:✗|✘|×|●) (.{3,60})$", re.M)
_CHORES = {
    "commit": re.compile(r"\bgit\b[^&|;\n]*\bcommit\b"),
    "push": re.compile(r"\bgit\b[^&|;\n]*\bpush\b|\bgh pr create\b"),
    "merge": re.compile(r"\bgit\b[^&|;\n]*\bmerge\b|\bgh pr merge\b"),
    "pr": re.compile(r"\bgh pr create\b"),
}
"""Repository chores by their word in any language, with the commands that do them."""
_STASH = re.compile(r"\bgit (?:-C \S+ )?stash\b(?: +(push|save|pop|apply|drop|clear|branch|list|show|create|store|-\w+|--[\w-]+))?")
_NOTHING_STASHED = re.compile("No local changes to save")
_UNDONE = re.compile(
    r"^(?:Removed: |Commit `(?=[0-9a-f]{7,40}` was reset))([0-9a-f]{7,40})(?:` was reset and removed from git\.?)?[ \n]*([^\n]*)", re.M
)
_UNDONE_WEIGHT = 0.2
"""How Aider reports that it undid the last commit, now and in 2024, and the weight of an undone commit beside a valid one."""
_STATUS = re.compile(r"^## (?P<short>[\w./-]+?)(?:\.\.\.\S+)?(?: \[ahead (?P<shorter>\d+)[^\]]*\])?$|^On branch (?P<branch>\S+)$", re.M)
_AHEAD = re.compile(r"Your branch is ahead of '[^']+' by (\d+) commits?")
_PROSE_FILES = (".md", ".txt", ".rst", ".json", ".lock", ".svg", ".png", ".log")
"""Files whose change needs no new run of the tests."""
_TEMPORARY = re.compile(
    r"\bmktemp\b|(?:\bcd|\bpushd|-C|\binit)\s+(?:-\w+\s+)*[\"']?(?:/private)?(?:/var)?/(?:tmp|folders|temp)\b|"
    r"(?:\bcd|\bpushd|-C)\s+[\"']?\$\{?\w*(?:te?mp|test)\w*",
    re.I,
)
"""How a command enters a temporary folder: a commit there is not the project's."""
_NAMED_COMMIT = re.compile(
    r"(?:\b(?:commit|komit)|コミット|提交|커밋|коммит)(?: (?:hash|id))?\W{1,6}(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b|"
    r"\bcommitted\b[^\n]{0,30}`[0-9a-f]{7,40}\b|^[ \t>*•-]*`(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}`[ \t]*[—–:-]|"
    r"\bworking tree (?:is )?(?:now )?clean\b",
    re.I | re.M,
)
"""How an agent names the commit it made: "Commit: `2146b6e`" or a list of commits, but not "prior commits (`fd0aa45`)"."""
_PUSHED_BRANCH = re.compile(r"\bgit push\b[^&;|\n]*?\s(?:origin|upstream)\s+(?:HEAD:)?(?!HEAD\b)([\w./-]+)")
_PUSHED_RANGE = re.compile(r"^ *\+? *[0-9a-f]{7,40}\.{2,3}([0-9a-f]{7,40}) +(\S+) -> (\S+)", re.M)
"""How git names the commit that a push leaves on a branch: "old..new source -> target"."""
_COMMITTERS = re.compile(r"commit|git|aider|release|publish", re.I)
_MAX_UNCOMMITTED, _MAX_FAILED_TESTS = 5, 2
_DETACHED = "HEAD"
"""What git prints instead of a branch when none is checked out."""
_MAX_DISMISSAL_CHARS = 200
"""A person's message up to this length dismisses a failed push; a longer one asks for more."""
_ALL_LANGUAGES = frozenset(PHRASES)


def draft_repository_facts(trace: Trace, branch: str) -> Iterator[ToolDraft]:
    """Yield commits, pull requests, the state of the repository, which began on *branch*, and how the last checks ended."""
    yield from _draft_git(trace, branch)
    yield from _draft_checks(trace)


def shown_chores(runs: Iterable[CommandRun]) -> frozenset[str]:
    """Return the repository chores that commands did without an error: commit, push, merge, pr."""
    commands = " ".join(run.command for run in runs if run.failed is False)
    return frozenset(name for name, form in _CHORES.items() if form.search(commands))


def shown_commits(run: CommandRun) -> list[tuple[str, str, str]]:
    """Return the commits that the output of a command reports: branch (empty if it names none), id and message."""
    return _COMMIT.findall(run.output) if _COMMITTING.search(run.command) else []


def _draft_git(trace: Trace, started_on: str) -> Iterator[ToolDraft]:
    last: tuple[int, str, str] | None = None
    earlier: list[tuple[int, str, str] | None] = []
    last_push: CommandRun | None = None
    created: tuple[str, int] | None = None
    is_pushed = False
    for run in trace.runs:
        if ("git " not in run.command and "gh " not in run.command) or _TEMPORARY.search(run.command):
            continue
        is_pushed = is_pushed or ("git push" in run.command and not run.failed)
        last_push = run if "git push" in run.command else last_push
        for branch, commit, message in shown_commits(run):
            earlier.append(last)
            last, is_pushed = (run.result_turn, branch, commit), "git push" in run.command and not run.failed
            values = {"commit": commit, "branch": branch, "subject": one_line(message, 160)}
            text = Message(
                "Committed `{commit}` on branch `{branch}`: {subject}" if branch else "Committed `{commit}`: {subject}", **values
            )
            yield ToolDraft(kind="done", subject=f"commit:{commit[:7]}", statement=text, turns=(run.result_turn,), weight=0.62)
        if "git push" in run.command and not run.failed and (pushed := _pushed_commit(run, last)):
            last, is_pushed = pushed, True
        for commit, message in _UNDONE.findall(run.output):
            if last and last[2].startswith(commit[:7]):
                last = earlier.pop() if earlier else None
            yield _draft_undone(run, commit, message)
        if "pr create" in run.command or "git push" in run.command:
            title = re.search(_TITLE, run.command)
            for url in re.findall(_PULL, run.output)[:1]:
                is_new = "pr create" in run.command
                text = Message("Opened the pull request {url}" if is_new else "Pushed; the pull request is at {url}", url=url)
                if title:
                    text = Message("{event}: {subject}", event=text, subject=one_line(title.group(2), 120))
                yield ToolDraft(kind="done", subject=f"pull:{url}", statement=text, turns=(run.turn, run.result_turn), weight=0.7)
        if not run.failed and (branches := re.findall(_BRANCH, run.command)):
            created = (branches[-1], run.turn)
    if last_push and last_push.failed and not _is_dismissed(last_push, trace):
        reason = find_error_line(last_push.output)
        yield ToolDraft(
            kind="blocker",
            subject=FAILED_PUSH,
            statement=Message("The last `git push` failed: {reason}" if reason else "The last `git push` failed", reason=reason),
            turns=(last_push.turn, last_push.result_turn),
            weight=0.6,
        )
    if created and (last is None or (last[1] != created[0] and last[0] < created[1])):
        text = Message("The work is on the branch `{branch}`, created with git", branch=created[0])
        yield ToolDraft(kind="value", subject=GIT_BRANCH, statement=text, turns=(created[1],), weight=0.6)
    stash_turn = _left_stash(trace)
    state = None if last else _uncommitted_state(trace, started_on)
    if state:
        turns = (state[1], stash_turn) if stash_turn else (state[1],)
        yield ToolDraft(kind="done", subject=GIT_STATE, statement=_with_stash(state[0], stash_turn), turns=turns, weight=0.6)
    elif stash_turn and not last:
        text = Message("A `git stash` is not taken back")
        yield ToolDraft(kind="done", subject=GIT_STATE, statement=text, turns=(stash_turn,), weight=0.6)
    if last:
        retires = (FAILED_PUSH,) if is_pushed else ()
        text = _with_stash(_commit_state(trace, last, is_pushed=is_pushed), stash_turn)
        yield ToolDraft(kind="done", subject=GIT_STATE, statement=text, turns=(last[0],), weight=0.6, retires=retires)


def _with_stash(state: Message, stash_turn: int) -> Message:
    return Message("{state}; a `git stash` is not taken back", state=state) if stash_turn else state


def _commit_state(trace: Trace, last: tuple[int, str, str], *, is_pushed: bool) -> Message:
    """Return the state after the *last* commit (turn, branch, id): whether it is pushed, and the files changed after it."""
    turn, branch, commit = last
    if is_pushed:
        state = Message("The last commit `{commit}` is pushed", commit=commit)
        on_branch = Message("On branch `{branch}` the last commit `{commit}` is pushed", branch=branch, commit=commit)
    else:
        state = Message("The last commit `{commit}` is committed locally and not pushed yet", commit=commit)
        on_branch = Message(
            "On branch `{branch}` the last commit `{commit}` is committed locally and not pushed yet", branch=branch, commit=commit
        )
    state = on_branch if branch else state
    changed = {c.change.path for c in trace.changes if c.turn > turn}
    return Message("{state}; edited since, not committed: {files}", state=state, files=name_files(changed)) if changed else state


def _draft_undone(run: CommandRun, commit: str, message: str) -> ToolDraft:
    values = {"commit": commit, "subject": one_line(message, 160)}
    text = Message("The commit `{commit}` was taken back: {subject}" if message else "The commit `{commit}` was taken back", **values)
    return ToolDraft(kind="done", subject=f"commit:{commit[:7]}", statement=text, turns=(run.result_turn,), weight=_UNDONE_WEIGHT)


def _pushed_commit(run: CommandRun, last: tuple[int, str, str] | None) -> tuple[int, str, str] | None:
    """Return turn, branch and id of the commit that a push left on the branch of *last*, if it is another commit: history was rewritten, or
    the commit is not in the log.
    """
    for commit, source, target in _PUSHED_RANGE.findall(run.output):
        if last is None or last[1] in ("", source, target):
            is_known = last is not None and (commit.startswith(last[2]) or last[2].startswith(commit))
            return None if is_known else (run.result_turn, target, commit)
    return None


def _left_stash(trace: Trace) -> int:
    """Return the turn of the last `git stash` that the session neither restored nor dropped, else 0."""
    left: list[int] = []
    for run in trace.runs:
        if run.failed or _TEMPORARY.search(run.command):
            continue
        for act in _STASH.findall(run.command):
            if act in ("", "push", "save") or act.startswith("-"):
                left += [run.turn] if not _NOTHING_STASHED.search(run.output) else []
            elif act == "clear":
                left.clear()
            elif act in ("pop", "apply", "drop", "branch") and left:
                left.pop()
    return left[-1] if left else 0


def _is_dismissed(push: CommandRun, trace: Trace) -> bool:
    """Whether the person says, after a failed push, not to push."""
    dismissal = pattern("dismiss", _ALL_LANGUAGES)
    return any(
        statement.author == "user" and statement.turn > push.turn and len(statement.text) <= _MAX_DISMISSAL_CHARS
        and "push" in statement.text.lower() and dismissal.search(statement.text)
        for statement in trace.statements
    )  # fmt: skip


def _uncommitted_state(trace: Trace, branch_name: str) -> tuple[Message, int] | None:
    """Return the state of a repository without a commit in the session, and the turn that shows it. Only a complete log shows that there
    was no commit.
    """
    status, ahead, turn = _last_status(trace)
    last_edit = max((c.turn for c in trace.changes), default=0)
    pushes = [run for run in trace.runs if "git push" in run.command and run.failed is False and not _TEMPORARY.search(run.command)]
    is_pushed = any(run.turn > last_edit for run in pushes)
    names = [name for run in pushes for name in _PUSHED_BRANCH.findall(run.command)]
    branch_name = names[-1] if names else "" if branch_name == _DETACHED else branch_name
    branch = status or (branch_name if trace.changes or names else "")
    state = Message("On branch `{branch}`", branch=branch) if branch else None
    if state and is_pushed and pushes[-1].result_turn > turn:
        state, turn = Message("{state}; pushed after the last edit", state=state), pushes[-1].result_turn
    elif state and ahead:
        state = Message("{state}, {count} commits not pushed", state=state, count=ahead)
    may_be_committed = not trace.is_whole or any(_COMMITTERS.search(name) for name in trace.tool_names)
    may_be_committed = may_be_committed or is_pushed or _names_commit(trace, last_edit)
    if not may_be_committed and (edited := _existing_paths(trace)):
        files = name_files(edited)
        state = (
            Message("{state}; edited and not committed: {files}", state=state, files=files)
            if state
            else Message("Edited and not committed: {files}", files=files)
        )
    return (state, turn or trace.changes[-1].turn) if state else None


def _existing_paths(trace: Trace) -> set[str]:
    """Return the changed files that were not deleted later, including by a shell command with a relative path."""
    paths: set[str] = set()
    for record in trace.changes:
        change = record.change
        if change.kind == "deleted":
            paths -= {path for path in paths if path == change.path or path.endswith(f"/{change.path}")}
        else:
            paths = (paths - {change.old_path}) | {change.path}
    return paths


def _names_commit(trace: Trace, last_edit: int) -> bool:
    """Whether the agent names a commit after the last edit, which another agent or program may have made."""
    return any(s.author == "agent" and s.turn > last_edit and _NAMED_COMMIT.search(s.text) for s in trace.statements)


def _last_status(trace: Trace) -> tuple[str, str, int]:
    """Return the branch in the last `git status`, the number of commits ahead, and the turn; empty if there is none."""
    for run in reversed(trace.runs):
        if "git status" in run.command and (status := _STATUS.search(run.output)):
            name = status["branch"] or status["short"]
            if name == _DETACHED:
                return "", "", 0
            return name, status["shorter"] or next(iter(_AHEAD.findall(run.output)), ""), run.result_turn
    return "", "", 0


def name_files(changed: set[str]) -> Message | str:
    """Return the names of the first changed files and how many more there are."""
    names = sorted({path.replace("\\", "/").rpartition("/")[2] for path in changed})
    shown = ", ".join(f"`{name}`" for name in names[:_MAX_UNCOMMITTED])
    more = len(names) - _MAX_UNCOMMITTED
    return Message("{names} and {count} more", names=shown, count=more) if more > 0 else shown


def _draft_checks(trace: Trace) -> Iterator[ToolDraft]:
    """Yield how the last test run ended, and a later build or lint run; nothing if the log does not show it."""
    tests = next((run for run in reversed(trace.runs) if _is_finished(run) and is_test_run(run)), None)
    others = [run for run in trace.runs if _is_finished(run) and _is_check_run(run) and not is_test_run(run)]
    check = others[-1] if others and (tests is None or others[-1].result_turn > tests.result_turn) else None
    results: list[Message] = []
    if tests:
        results.append(Message("Last test run `{command}`: {outcome}", command=_name(tests), outcome=_outcome(tests)))
    if check:
        results.append(Message("Last check `{command}`: {outcome}", command=_name(check), outcome=_outcome(check)))
    if not results:
        return
    state = Message("{tests}. {check}", tests=results[0], check=results[1]) if len(results) > 1 else results[0]
    last = max((run for run in (tests, check) if run), key=lambda run: run.result_turn)
    later = {c.change.path for c in trace.changes if c.turn > last.result_turn and not c.change.path.endswith(_PROSE_FILES)}
    if later:
        state = Message("{state}; not run again since the edit of {files}", state=state, files=name_files(later))
    yield ToolDraft(
        kind="done",
        subject=TESTS_STATE,
        statement=state,
        turns=tuple(run.result_turn for run in (tests, check) if run),
        weight=0.5,
    )


def _name(run: CommandRun) -> str:
    return one_line(command_key(run.command), 70)


def _is_finished(run: CommandRun) -> bool:
    return run.failed is not None


def is_test_run(run: CommandRun) -> bool:
    """Return whether a command ran tests."""
    return _runs(run, _TEST_RUN)


def _is_check_run(run: CommandRun) -> bool:
    return _runs(run, _CHECK_RUN)


def _runs(run: CommandRun, program: re.Pattern[str]) -> bool:
    """Whether the first line runs *program*, rather than looks for it or installs it."""
    command = _PROGRAM_ENDING.sub("", _SEARCHED.sub("''", command_key(run.command)))
    return any(program.search(part) and not _MENTIONS.search(part) for part in _COMMAND_END.split(command))


def _outcome(run: CommandRun) -> Message | str:
    """Return how a check ended, with the program's own counts if it prints them."""
    output = COLOURS.sub("", run.output)
    counts = [count for count in _TEST_COUNTS.findall(output) if any(map(str.isdigit, count)) and not count.startswith(("ok", "FAIL"))]
    if counts:
        return one_line(counts[-1], 70)
    if not run.failed:
        return Message("passed")
    failures = list(dict.fromkeys(next(filter(None, groups)) for groups in _FAILED_TESTS.findall(output)))
    names = [name for name in failures if name.rpartition("/")[0] not in failures]
    shown = ", ".join(f"`{name}`" for name in names[:_MAX_FAILED_TESTS])
    return Message("failed ({tests})", tests=shown) if shown else Message("failed")

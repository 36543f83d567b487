"""No line of Python or Markdown is longer than the formatter's limit: prose is wrapped by hand, and diffs stay readable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

MAX_CHARACTERS = 140
# Files that are not wrapped yet. Only ever take a file off the list.
EXCEPTIONS = {
    "docs/dashboard.md",
    "docs/howto/use-from-python.md",
    "src/onward/api/answers/envelope.py",
    "src/onward/app/accounts/usage.py",
    "src/onward/app/admin/ledger_rebuild.py",
    "src/onward/app/admin/maintenance.py",
    "src/onward/app/admin/secret_purge.py",
    "src/onward/app/admin/stats.py",
    "src/onward/app/handoffs/project_state.py",
    "src/onward/app/handoffs/refiner.py",
    "src/onward/app/jobs/jobs.py",
    "src/onward/app/jobs/kinds.py",
    "src/onward/app/knowledge/knowledge.py",
    "src/onward/app/knowledge/troubleshooter.py",
    "src/onward/app/models/gateway.py",
    "src/onward/app/models/keys.py",
    "src/onward/app/projects/project_files.py",
    "src/onward/app/projects/projects.py",
    "src/onward/app/repository/detection.py",
    "src/onward/app/repository/git.py",
    "src/onward/app/repository/git_changes.py",
    "src/onward/app/search/search_turns.py",
    "src/onward/app/sessions/reassignment.py",
    "src/onward/app/sessions/sessions.py",
    "src/onward/app/sessions/templates.py",
    "src/onward/app/transcripts/agent_files.py",
    "src/onward/app/transcripts/preview.py",
    "src/onward/app/transcripts/sweeper.py",
    "src/onward/app/turns/client_turns.py",
    "src/onward/app/turns/preparation.py",
    "src/onward/app/turns/reader.py",
    "src/onward/core/job.py",
    "src/onward/core/session.py",
    "src/onward/errors.py",
    "src/onward/message.py",
    "src/onward/server.py",
    "src/onward/settings.py",
    "src/onward/work/__init__.py",
    "src/onward/work/worker.py",
}

_DIRECTIVE = re.compile(r"\s+# (?:noqa|type:|fmt:).*$")
_PATTERN = re.compile(r"""^\s*(?:[a-zA-Z_]\w* = (?:re\.compile\()?)?(?:rb?|R)["']""")


def _data_lines(tree: ast.Module) -> set[int]:
    """Return the lines inside multi-line strings that are no docstrings: data, such as a page or a style sheet."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    spans = [(node.lineno, node.end_lineno or 0) for node in strings if id(node) not in docstrings and "\n" in node.value]
    return {line for start, end in spans for line in range(start, end + 1) if end > start}


def _long_python(text: str) -> Iterator[int]:
    data = _data_lines(ast.parse(text))
    for number, line in enumerate(text.split("\n"), start=1):
        if len(_DIRECTIVE.sub("", line)) > MAX_CHARACTERS and number not in data and not _PATTERN.match(line):
            yield number


def _long_markdown(text: str) -> Iterator[int]:
    is_code = False
    for number, line in enumerate(text.split("\n"), start=1):
        is_code ^= line.lstrip().startswith("```")
        is_exempt = is_code or line.lstrip().startswith(("|", "<")) or re.search(r"\]\(|https?://", line)
        if len(line) > MAX_CHARACTERS and not is_exempt:
            yield number


def test_lines_fit(root: Path, repository_files: list[Path]) -> None:
    long = {}
    for path in repository_files:
        if path.suffix in {".py", ".md"}:
            find = _long_python if path.suffix == ".py" else _long_markdown
            if lines := list(find(path.read_text(encoding="utf-8"))):
                long[path.relative_to(root).as_posix()] = lines
    assert not {path: lines for path, lines in long.items() if path not in EXCEPTIONS}, f"wrap at {MAX_CHARACTERS} characters"

"""The small inputs of the shared folder, one kind of fault each, give what its README calls right."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from onward.cli.main import main


class Case(NamedTuple):
    """Files that are distilled together, and what the handoff has to hold and must not hold."""

    files: tuple[str, ...]
    held: tuple[str, ...]
    absent: tuple[str, ...] = ()


CASES = {
    "rules in German": Case(
        ("01-de-rules.jsonl",),
        ("**Goal.** Bitte baue den Rechnungsexport", "- Committe niemals direkt auf main", "- Ab jetzt pnpm", "SQLite statt PostgreSQL"),
    ),
    "rules in English": Case(
        ("01-en-rules-control.jsonl",),
        (
            "**Goal.** Please build the invoice export",
            "- Never commit directly to main",
            "- From now on use pnpm",
            "**Do first.** add the tax",
        ),
    ),
    "rules in Japanese": Case(
        ("01-ja-rules.jsonl",),
        ("**Goal.** 請求書の", "- main に直接コミットしない", "- 今後は npm ではなく pnpm", "**Do first.** 次のステップ"),
    ),
    "rules in Chinese": Case(
        ("01-zh-rules.jsonl",), ("**Goal.** 请把发票导出", "- 绝对不要直接提交到 main", "- 以后都用 pnpm", "**Do first.** 下一步")
    ),
    "a sample says so": Case(("03c-en-140-requests.jsonl",), ("of 140",), ("Lost: nothing",)),
    "a step that was reported done": Case(
        tuple(f"05-next-closed-0{name}.jsonl" for name in "abc"), ("orders table is written",), ("Next step", "Do first")
    ),
    "a step that was reported done in other words": Case(
        tuple(f"05-next-closed-1{name}.jsonl" for name in "abc"), ("Rate limiting is now on",), ("Next: add", "Do first")
    ),
    "a task that was cancelled": Case(("06-goal-cancelled.jsonl",), ("**Goal.** We dropped Slack. Remove the bot",)),
    "a task that was finished": Case(
        ("06-goal-finished-task.jsonl",), ("**Goal.** Now build the billing page", "download button is still")
    ),
    "what is not built yet": Case(("07-negated-done.jsonl",), ("**Do first.** The CSV importer is not built yet.",)),
    "a choice that was turned back": Case(
        tuple(f"08-flip-{number}.jsonl" for number in (1, 2, 3)),
        ("**Goal.** We go back to PostgreSQL",),
        ("- Use SQLite", "- Use PostgreSQL"),
    ),
    "a pasted log": Case(
        ("09-pasted-log.jsonl",), ("**Goal.** Find out why only db-3", "- Never restart the primary"), ("ERROR", "timeout=")
    ),
    "pasted JSON": Case(("09-pasted-json.jsonl",), ("**Goal.** Find out why only db-3", "- Never restart the primary"), ('{"', '":')),
    "a scaffold of 150 files": Case(
        ("10-scaffold-150-files.jsonl",), ("`src/pages/`: ", "and 70 more", "cursor paging", "zod over yup", "native <dialog>")
    ),
    "a false summary": Case(
        ("11-false-compaction-summary.jsonl",), ("**Goal.** Fix the login redirect.", "- Do not change the cookie name.")
    ),
    "an answered question": Case(
        ("12-answered-question.jsonl",), ("Which auth method should we use: Magic link", "We decided on this plan")
    ),
    "a list of turns with times": Case(("16-json-turns-time.json",), ("(2026-11-20, a chat)", "port 9090")),
    "a task in progress": Case(("18-todo-in-progress.jsonl",), ("**Do first.** Validate rows (in progress)",)),
    "a claim against the log": Case(
        ("23-claim-against-evidence.jsonl",), ("2 failed, 40 passed", "(the log says otherwise: `npm test` failed")
    ),
    "an expanded template": Case(("24-speckit_rollout.jsonl",), ("**Goal.** Login page with e-mail codes, no passwords",), ("$ARGUMENTS",)),
    "background notices": Case(("24-queue.jsonl",), ("**Goal.** Start the build.",), ("notification", "Asked:")),
    "background notices between requests": Case(("24-queue2.jsonl",), ("**Goal.** Please add a health check",), ("notification",)),
}

TURN_COUNTS = {
    "13-format-amp.json": 3, "13-format-antigravity.jsonl": 2, "13-format-continue.json": 2, "13-format-droid.jsonl": 2,
    "13-format-grok.jsonl": 4, "13-format-kimi.jsonl": 2, "13-format-kiro.json": 2, "13-format-opencode_both.db": 4,
    "13-format-opencode_v2only.db": 3, "13-format-qwen.jsonl": 2, "13-format-vscode_chat.json": 2, "13-format-vscode_chat.jsonl": 2,
    "15-paste-de.txt": 2, "15-paste-fr.txt": 2, "15-paste-zh.txt": 4, "24-comment.jsonl": 2, "24-continue.json": 2, "24-gemini_bad.json": 3,
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_small_input_gives_the_right_handoff(name: str, shared_cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[name]
    assert main(["distill", *(str(shared_cases / file) for file in case.files)]) == 0
    handoff = capsys.readouterr().out
    assert [text for text in case.held if text not in handoff] == []
    assert [text for text in case.absent if text in handoff] == []


@pytest.mark.parametrize("name", TURN_COUNTS)
def test_a_small_input_of_each_format_is_read(name: str, shared_cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(shared_cases / name)]) == 0
    page = capsys.readouterr().out
    assert sum(line.startswith("## ") for line in page.split("\n")) == TURN_COUNTS[name]


@pytest.mark.parametrize("name", ["04-password-0.jsonl", "04-password-5.jsonl", "04-password-6.jsonl", "04-password-in-a-sentence.jsonl"])
def test_a_password_is_replaced_and_the_words_around_it_stay(name: str, shared_cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(shared_cases / name)]) == 0
    page = capsys.readouterr().out
    assert "[secret:password:" in page
    assert any(words in page for words in ("password is [", "for db1 is [", "login admin / ["))

"""What a handoff should keep of one session."""

from __future__ import annotations

import pytest

from onward.core.facts.fact import Handle
from onward.core.preservation.collector import collect_references
from onward.core.preservation.groups import Group
from onward.core.preservation.reference import Reference, expected_references, fold_references
from onward.core.transcript.transcript import Mark, ToolCall, ToolResult, Turn


def user(text: str, mark: Mark = "said") -> Turn:
    return Turn("user", text, mark=mark)


def agent(text: str, *calls: ToolCall) -> Turn:
    return Turn("assistant", text, calls=calls)


def shell(command: str, output: str, exit_code: int = 0) -> list[Turn]:
    call = ToolCall(f"c{abs(hash((command, output)))}", "Bash", {"command": command})
    return [agent("", call), Turn("tool", results=(ToolResult(call.id, output, exit_code != 0, exit_code),))]


def edit(path: str) -> Turn:
    return agent("", ToolCall(f"e{path}", "Edit", {"file_path": path, "old_string": "a", "new_string": "b"}))


def references_of(*turns: Turn) -> list[Reference]:
    return collect_references(1, list(enumerate(turns, 1)))


def texts(group: Group, *turns: Turn) -> list[str]:
    return [reference.text for reference in references_of(*turns) if reference.group == group and not reference.retired]


@pytest.mark.parametrize(
    "sentence",
    [
        "Never store patient names in the database.",
        "Always run the linter before a commit.",
        "jangan pernah commit langsung ke main ya",
        "mulai sekarang pakai bahasa Indonesia di semua tombol",
        "Please don't touch the migration files.",
    ],
)
def test_a_standing_order_is_a_rule(sentence: str) -> None:
    assert texts("rules", user(sentence)) == [sentence]


@pytest.mark.parametrize("sentence", ["I don't think the cache is to blame here.", "Why do the tests never finish on my machine?"])
def test_a_doubt_or_a_question_is_no_rule(sentence: str) -> None:
    assert texts("rules", user(sentence)) == []


def test_a_wish_is_a_requirement_with_its_values() -> None:
    (reference,) = [r for r in references_of(user("The list should fit a 1280x800 screen in landscape.")) if r.group == "requirements"]
    assert reference.needles == ("1280x800",)
    assert reference.handle == Handle(1, 1)


def test_prompts_typed_while_the_agent_worked_count() -> None:
    assert texts("rules", user("never push to main directly", "queued")) == ["never push to main directly"]


@pytest.mark.parametrize("mark", ["injected", "summary"])
def test_what_a_program_says_does_not_count(mark: Mark) -> None:
    assert references_of(user("Always answer in French, never in English.", mark)) == []


def test_a_sub_agent_does_not_count() -> None:
    assert references_of(Turn("user", "Always answer in French, never in English.", sidechain="a1")) == []


def test_the_middle_of_a_pasted_text_is_not_the_persons_word() -> None:
    log = "\n".join(f"line {i} must never be empty here" for i in range(300))
    rules = texts("rules", user(f"Please look at this log.\n\n{log}\n\nNever delete the cache folder."))
    assert "Never delete the cache folder." in rules
    assert "line 150 must never be empty here" not in rules


def test_reasons_fixes_and_dead_ends_are_told_apart() -> None:
    turns = (
        agent(
            "We use PostgreSQL because two workers write at once.\n\nThe root cause was a stale lock file in the cache folder.\n\n"
            "Hashing the parsed JSON doesn't work, the key order changes."
        ),
        user("good, go on with the rest"),
    )
    assert texts("decisions", *turns) == ["We use PostgreSQL because two workers write at once."]
    assert texts("fixes", *turns) == ["The root cause was a stale lock file in the cache folder."]
    assert texts("dead ends", *turns) == ["Hashing the parsed JSON doesn't work, the key order changes."]


def test_only_the_last_report_says_what_is_open() -> None:
    report = "**Next**\n1. Call the printer from the ticket route.\n"
    assert texts("open", user("print the tickets please"), agent(report)) == ["Call the printer from the ticket route."]
    assert texts("open", agent(report), user("print the tickets please"), agent("The tickets are printed and cut now.")) == []


@pytest.mark.parametrize(
    ("step", "report"),
    [
        ("Next step: write the migration for the receipts table.", "The migration for the receipts table is written and applied."),
        ("Next: add rate limiting to the till's route.", "Rate limiting is on the till's route now, five tries a minute."),
        ("Lanjut: tulis migrasi untuk tabel nota.", "Migrasi untuk tabel nota kini ada dan terpasang."),
        ("Next: schreibe die Migration der Belege.", "Die Migration der Belege steht und läuft."),
    ],
)
def test_a_step_that_a_later_report_tells_in_any_words_is_asked_for_no_more(step: str, report: str) -> None:
    first = collect_references(1, [(1, user("Build the page.")), (2, agent(f"The page of the receipts is there.\n\n{step}"))])
    second = collect_references(2, [(1, user("Go on.")), (2, agent(report))])
    assert [reference for reference in expected_references(first) if reference.group == "open"]
    assert not [reference for reference in expected_references(fold_references(first, second)) if reference.group == "open"]
    assert all(reference.text != report for reference in expected_references(second))


def test_files_are_kept_by_name_and_common_names_by_folder() -> None:
    needles = {
        reference.text: reference.needles
        for reference in references_of(edit("/home/a/src/cart/reserve.py"), edit("/home/a/src/cart/__init__.py"))
    }
    assert needles["/home/a/src/cart/reserve.py"] == ("reserve.py",)
    assert needles["/home/a/src/cart/__init__.py"] == ("cart/__init__.py",)


def test_a_deleted_file_is_retired() -> None:
    deletion = agent("", ToolCall("d", "apply_patch", "*** Begin Patch\n*** Delete File: src/old.py\n*** End Patch"))
    (reference,) = [r for r in references_of(edit("src/old.py"), deletion) if r.group == "files"]
    assert reference.retired


def test_a_check_left_failing_is_open_until_it_passes() -> None:
    failing = shell("cd /home/a && npx vitest run tests/calls.test.ts", "Error: database is locked\n 1 failed", 1)
    assert texts("open", *failing) == ["vitest run fails: 1 failed"]
    assert texts("open", *failing, *shell("npx vitest run", "12 passed")) == []


def test_todos_are_open_until_done() -> None:
    def todo(status: str) -> Turn:
        return agent("", ToolCall("t", "TodoWrite", {"todos": [{"content": "Write the nurse page", "status": status}]}))

    assert texts("open", todo("pending")) == ["Write the nurse page"]
    assert texts("open", todo("pending"), todo("completed")) == []


def test_commits_branches_and_pull_requests_come_from_results() -> None:
    turns = [
        *shell("git commit -m 'Add the nurse page'", "[feat/nurse 8c41d7e] Add the nurse page\n 2 files changed"),
        *shell("gh pr create --fill", "https://github.example/klinik/antre/pull/5"),
    ]
    assert texts("outcomes", *turns) == ["Add the nurse page"]
    values = {reference.subject: reference.needles for reference in references_of(*turns) if reference.group == "values"}
    assert values.keys() == {"feat/nurse", "https://github.example/klinik/antre/pull/5"}
    assert "#5" in values["https://github.example/klinik/antre/pull/5"]


@pytest.mark.parametrize(
    ("command", "exit_code", "subjects"),
    [
        ("git add -A && git commit -qam 'Write a heartbeat'", 0, ["Write a heartbeat"]),
        ("git commit -m \"$(cat <<'EOF'\nAdd the printer\n\nIt cuts, too.\nEOF\n)\"", 0, ["Add the printer"]),
        ("git commit -m 'Add the printer'", 1, []),
        ("git commit --amend --no-edit", 0, []),
    ],
)
def test_a_commit_is_known_by_its_subject(command: str, exit_code: int, subjects: list[str]) -> None:
    assert texts("outcomes", *shell(command, "done", exit_code)) == subjects


def test_looking_around_is_no_command_worth_keeping() -> None:
    turns = [turn for command in ("ls -la src", "cat a.txt", "git status", "rg foo src") for turn in shell(command, "") * 2]
    assert texts("commands", *turns) == []
    assert texts("commands", *shell("make deploy", "ok"), *shell("make deploy", "ok again")) == ["make deploy"]


def test_a_value_said_again_and_again_outweighs_one_said_in_passing() -> None:
    passing = [user(f"look at part{i}_of_it.conf in passing please") for i in range(12)]
    often = [user("the port is 8443 on staging, keep it") for _ in range(3)]
    assert "8443" in {reference.subject for reference in references_of(*often, *passing) if reference.group == "values"}


def test_a_reversal_retires_the_old_value() -> None:
    (reference,) = [r for r in references_of(user("Please switch from polling to websockets for the display.")) if r.retired]
    assert (reference.group, reference.subject, reference.instead) == ("values", "polling", "websockets")


def test_the_number_of_references_is_bounded_however_long_the_session() -> None:
    turns = [turn for i in range(400) for turn in (user(f"Never touch module{i}.py and always test part {i} of it."), edit(f"src/m{i}.py"))]
    assert len(references_of(*turns)) <= 80


def test_the_same_turns_give_the_same_references() -> None:
    turns = [user("Never push to main, use `feat/x` instead of `fix/y`."), agent("Done because the port 8080 was taken.")]
    assert references_of(*turns) == references_of(*turns)


def test_a_scheme_without_an_address_is_a_value_with_one_spelling() -> None:
    values = [r.needles for r in references_of(user("Only the `@local://` scheme is allowed, never `@git://...`.")) if r.group == "values"]
    assert values
    assert all(needle for needles in values for needle in needles)

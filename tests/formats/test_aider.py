"""Aider: several sessions in one file, the speaker of each line, and Aider's actions as calls."""

from __future__ import annotations

import re
import time

import pytest

from onward.core.transcript.transcript import Usage


@pytest.fixture
def history(reading, fixtures):
    return reading(fixtures / "aider" / "history.md")


@pytest.fixture
def zone(monkeypatch):
    """Set the time zone of the machine."""

    def set_zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def test_a_session_in_which_nothing_was_said_has_no_head(history):
    assert [head.id for head in history.heads] == ["2025-11-03 09:12:40", "2025-11-04 16:05:11"]
    assert history.heads[0].cwd == "/home/rina/kopi-stock"
    assert history.report.skipped == {"start of a session without a prompt": 3}


def test_a_session_begins_by_the_clock_of_the_machine(reading, fixtures, zone):
    zone("WIB-7")
    assert reading(fixtures / "aider" / "history.md").heads[0].started_at.isoformat() == "2025-11-03T02:12:40+00:00"


def test_only_prompts_are_said(history):
    assert history.prompts() == [
        "The restock report is empty on Mondays.\nFix it, and do not touch the exporter.",
        "Kenapa di hari Senin saja?",
        "Add a test for Sundays",
    ]


def test_quotes_in_the_models_code_are_not_read_as_prompts(history):
    answer = next(turn for turn in history.turns if turn.role == "assistant")
    assert "> // Monday is day one" in answer.text
    assert answer.text.endswith(">>>>>>> REPLACE\n```")


def test_what_aider_did_are_calls_of_the_answer(history):
    answer = next(turn for turn in history.turns if turn.role == "assistant")
    assert [(call.name, call.arguments) for call in answer.calls] == [
        ("edit", {"path": "src/report.ts"}),
        ("commit", {"command": "git commit -m 'fix: fill the report on Mondays'"}),
    ]
    assert (answer.model, answer.usage) == (
        "gpt-5.4",
        Usage(input_tokens=3200, output_tokens=184, cache_read_tokens=1100, cache_write_tokens=0),
    )


def test_a_command_of_the_person_has_its_output_whole(history):
    [prompt] = [turn for turn in history.turns if turn.text == "/run pnpm test report"]
    [output] = [turn for turn in history.turns if turn.results and turn.results[0].call_id == prompt.calls[0].id]
    assert prompt.mark == "injected"
    assert output.results[0].text == "3 passed, 0 failed\n\nTest files  1 passed (1)"


def test_an_echoed_confirmation_is_no_prompt(history):
    assert not [turn for turn in history.turns if turn.role == "user" and "(Y)es" in turn.text]


def test_headings_in_the_models_code_are_not_read_as_prompts(reading):
    block = "docs/struk.md\n<<<<<<< SEARCH\n#### Cara pakai\n=======\n#### Never print twice\n> ok\n>>>>>>> REPLACE\n"
    fence = "```markdown\n#### Always print twice\n```\n"
    text = f"# aider chat started at 2026-03-02 09:00:00\n\n#### Tulis panduan struk  \n\nSiap.\n\n{block}\n{fence}\n#### Terima kasih  \n"
    result = reading(text.encode())
    assert result.prompts() == ["Tulis panduan struk", "Terima kasih"]
    assert "#### Never print twice\n> ok" in result.turns[1].text


def test_a_block_that_never_ends_does_not_swallow_the_next_prompt(reading):
    text = "# aider chat started at 2026-03-02 09:00:00\n\n#### Satu  \n\n```\nputus\n\n#### Dua  \n"
    assert reading(text.encode()).prompts() == ["Satu", "Dua"]


@pytest.mark.slow
def test_real_histories_have_the_counts_of_their_own_lines(reading, shared_data):
    for name in ("aider-afi-core/aider.chat.history.md", "aider-OpenCoder/aider.chat.history.md", "aider-upstream/chat-history.md"):
        path = shared_data / name
        text = path.read_text(errors="replace")
        result = reading(path)
        assert (result.report.format, result.report.malformed_count) == ("aider", 0)
        assert result.report.records == sum(bool(line.strip()) for line in text.split("\n"))
        sessions = re.split(r"(?m)^# aider chat started at .*$", text)
        spoken = [part for part in sessions if re.search(r"(?m)^(?!#### .*\(Y\)es/\(N\)o)(?:####|[^>#\s]|#(?!# aider))", part)]
        assert abs(len(result.heads) - len(spoken)) <= len(spoken) // 50
        prompts = re.findall(r"(?m)(?:^####.*\n)+", re.sub(r"(?m)^#### .*\(Y\)es/\(N\)o.*\n", "> \n", text))
        in_blocks = 3 if name.startswith("aider-upstream") else 0
        assert sum(turn.role == "user" for turn in result.turns) == len(prompts) - in_blocks
        edits = len(re.findall(r"(?m)^> Applied edit to ", text))
        assert abs(sum(call.name == "edit" for turn in result.turns for call in turn.calls) - edits) <= edits // 50
        places = text.splitlines()
        for turn in result.turns:
            if turn.role == "user":
                assert places[turn.line - 1].startswith("####")


def test_a_price_on_a_line_of_its_own_is_no_answer(reading):
    start = "# aider chat started at 2026-03-02 09:00:00\n\n#### Ubah warna tombol  \n\nSelesai.\n\n"
    price = "> Tokens: 7.8k sent, 155 received.\nCost: $0.03 message, $0.15 session. Use --no-stream for accurate caching costs.  \n"
    result = reading(f"{start}{price}> Commit f064820 fix: warna tombol  \n".encode())
    assert [turn.text for turn in result.turns if turn.role == "assistant"] == ["Selesai."]
    assert [call.name for turn in result.turns for call in turn.calls] == ["commit"]
    assert not any("Cost:" in turn.text for turn in result.turns)


def test_a_commit_that_undo_took_back_is_an_action(reading):
    start = "# aider chat started at 2026-03-02 09:00:00\n\n#### /undo  \n\n"
    undone = "> Removed: e835d23 fix: warna tombol  \n> Now at:  4e7204e feat: tombol  \n"
    [turn, result, _] = reading(f"{start}{undone}".encode()).turns
    assert [(call.name, call.arguments) for call in turn.calls] == [("undo", {"command": "git reset --soft HEAD~1"})]
    assert [output.text for output in result.results] == ["Removed: e835d23 fix: warna tombol"]


def test_settings_around_a_prompt_are_not_part_of_it(reading):
    start = "# aider chat started at 2026-03-02 09:00:00\n\n"
    prompt = "#### /add src/content/blog/  \n####   \n#### Crée trois articles sur le fournil.  \n#### /drop src/old/  \n\nVoilà.\n"
    setting = "#### /drop src/content/  \n\n> Removed src/content/ from the chat  \n"
    turns = [turn for turn in reading(f"{start}{prompt}\n{setting}".encode()).turns if turn.role == "user"]
    assert [(turn.text, turn.mark) for turn in turns] == [
        ("Crée trois articles sur le fournil.", "said"), ("/drop src/content/", "injected"),
    ]  # fmt: skip


def test_a_bare_command_has_its_output(reading):
    command = "# aider chat started at 2024-05-20 10:00:00\n\n#### /git  \n\nusage: git <command>\nstart a working area\n\n"
    turns = reading(f"{command}#### Fix the till.  \n\nDone.\n".encode()).turns
    assert [(turn.role, turn.text or turn.results[0].text) for turn in turns] == [
        ("user", "/git"), ("tool", "usage: git <command>\nstart a working area"), ("user", "Fix the till."), ("assistant", "Done."),
    ]  # fmt: skip


def test_the_architects_answer_is_no_prompt_of_the_person(reading):
    plan = ["Add a `retries` field to the client.", "", "1. Read it from the settings.", "2. Stop after the last one."]
    copied = "\n".join(f"#### {line}  " for line in plan)
    page = "\n".join([
        "# aider chat started at 2025-05-01 10:00:00", "", "#### /architect retry the upload  ", "", *plan, "",
        "> Edit files? (Y)es/(N)o [Yes]: y  ", "", copied, "", "Done.", "", "#### Add a test for it  ", "", "Which one?", "",
        "#### Which one? The one for the last retry.  ",
    ])  # fmt: skip
    prompts = [(turn.mark, turn.text.split("\n")[0]) for turn in reading(page.encode()).turns if turn.role == "user"]
    assert prompts == [
        ("said", "retry the upload"),
        ("injected", "Add a `retries` field to the client."),
        ("said", "Add a test for it"),
        ("said", "Which one? The one for the last retry."),
    ]


def test_a_question_that_a_command_asks_is_one_prompt(reading):
    lines = ["# aider chat started at 2025-05-01 10:00:00", "", "#### /ask which port?  ", "", "#### which port?  ", "", "8080.", ""]
    again = ["#### which port?  ", "", "8080, as before.", ""]
    assert reading("\n".join([*lines, *again]).encode()).prompts() == ["which port?", "which port?"]


def test_a_prompt_among_the_arguments_is_not_the_models(reading):
    page = (
        "# aider chat started at 2025-05-01 10:00:00\n\n> /usr/bin/aider --yes-always --message \n  1. Read TODO.md.\n\n  2. Do it.  \n"
        "> Aider v0.86.2  \n\n####   \n####   1. Read TODO.md.  \n####  \n####   2. Do it.  \n\nDone.\n"
    )
    turns = reading(page.encode()).turns
    assert [(turn.role, turn.mark) for turn in turns] == [("system", "injected"), ("user", "said"), ("assistant", "said")]
    assert turns[0].text.endswith("--message\n 1. Read TODO.md.\n\n 2. Do it.\nAider v0.86.2")
    assert turns[1].text.split() == "1. Read TODO.md. 2. Do it.".split()


@pytest.mark.parametrize(
    "answer",
    [
        "<thinking-content-7bbe81e1453ad999>\n\nWhich file is it?\n\n</thinking-content-7bbe81e1453ad999>\n\nIt is `cart.py`.",
        "<think>\nWhich file is it?\n</think>\n\nIt is `cart.py`.",
        "--------------\n► **THINKING**\n\nWhich file is it?\n\n------------\n► **ANSWER**\n\nIt is `cart.py`.",
    ],
)
def test_what_a_model_thought_is_no_answer(reading, answer):
    page = f"# aider chat started at 2025-05-01 10:00:00\n\n#### Where is the total?  \n\n{answer}\n"
    turn = reading(page.encode()).turns[-1]
    assert (turn.text, turn.thinking) == ("It is `cart.py`.", "Which file is it?")

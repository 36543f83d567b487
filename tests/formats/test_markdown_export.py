"""Pages of Markdown that clients export: who speaks, what was called with what result, and what only looks like the next section."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

PAGES = ("opencode", "qwen", "gemini", "claude_extractor", "claude_blocks", "copilot", "antigravity")


@pytest.fixture
def pages(reading, fixtures):
    return {name: reading(fixtures / "markdown_export" / f"{name}.md") for name in PAGES}


def steps(session):
    """The calls, each with its result, whether it is an error, and its exit code."""
    results = {result.call_id: (result.text, result.is_error, result.exit_code) for turn in session.turns for result in turn.results}
    return [(call.name, *results.get(call.id, ())) for turn in session.turns for call in turn.calls]


def test_only_the_persons_words_are_prompts(pages):
    assert {name: session.prompts() for name, session in pages.items()} == {
        "opencode": ["Show the opening hours on the start page. Never show a day that is a holiday.", "Sunday is closed. Say so."],
        "qwen": ["Log the temperature of the kiln every minute. Never log above 1300 degrees."],
        "gemini": ["Count the boats in the harbour. Never count a buoy."],
        "claude_extractor": ["Sort the seeds by sowing month. Never mix herbs with vegetables."],
        "claude_blocks": ["Weigh each block of the quarry. Never weigh a wet one."],
        "copilot": ["Polish the bells of the tower. Never ring one at night.\n\n## Notes\n\nThere are five."],
        "antigravity": [
            "Paint the doors of the boathouse. Never paint door 3.",
            "Thanks. The page of yesterday says\n\n*Edited relevant file*\n\nand names no door.",
        ],
    }
    assert [turn.mark for turn in pages["gemini"].turns][:3] == ["injected", "injected", "said"]
    assert (pages["qwen"].turns[-1].role, pages["qwen"].turns[-1].mark) == ("system", "injected")


def test_calls_have_their_results(pages):
    assert [step[0:1] + step[2:] for step in steps(pages["opencode"])] == [
        ("todowrite", None, None), ("read", None, None), ("edit", None, None), ("bash", None, None), ("webfetch", True, None),
    ]  # fmt: skip
    assert [step[0:1] + step[2:] for step in steps(pages["qwen"])] == [
        ("TodoList", None, None), ("run_shell_command", True, 3), ("write_file", None, None),
    ]  # fmt: skip
    assert [step[0:1] + step[2:] for step in steps(pages["gemini"])] == [("write_todos", None, None), ("run_shell_command", None, 2)]
    assert steps(pages["claude_extractor"]) == [
        ("TodoWrite",), ("Bash", "basil,4\ncarrot,3", None, None), ("Read", "File does not exist.", True, None),
    ]  # fmt: skip


def test_sections_of_blocks_have_times_calls_and_exit_codes(pages):
    session = pages["claude_blocks"]
    assert steps(session) == [("Bash", "Exit code 4\nThe scales are wet.", True, 4)]
    assert [turn.role for turn in session.turns] == ["user", "assistant", "tool", "user", "assistant"]
    assert session.turns[1].at == datetime(2026, 11, 3, 21, 40, 9, tzinfo=UTC)
    assert session.turns[-1].text == "The scales are wet:\n\n[\n  a list that is no block\n]"
    assert (session.heads[0].cwd, session.heads[0].started_at) == ("/home/ana/quarry", session.turns[0].at)


def test_a_section_of_a_call_has_its_command_outcome_and_time(pages):
    session = pages["copilot"]
    calls = [call for turn in session.turns for call in turn.calls]
    assert [(call.name, call.arguments) for call in calls] == [
        ("view", {"description": "view the file at /home/ana/tower/bells.md.", "path": "/home/ana/tower/bells.md"}),
        ("bash", {"description": "Polish the bells", "command": "python polish.py \\\n  --all"}),
        ("update_todo", {"todos": "- [x] Read the list\n- [ ] Polish the bells"}),
        ("grep", {"description": "crack", "query": '"crack" in /home/ana/tower'}),
    ]
    assert [step[2:] for step in steps(session)] == [(None, None), (True, 1), (None, None), (None, None)]
    assert steps(session)[0][1].endswith("### 👤 User\n\nThis is part of the list.")
    assert [turn.text for turn in session.turns if turn.role == "assistant" and turn.text] == [
        "I read the list of the bells.",
        "I look for the crack.",
        "Bell 4 is cracked, so it is not polished.",
    ]
    assert [turn.thinking for turn in session.turns if turn.thinking] == ["The bells are in bells.json."]
    assert session.turns[-1].at == datetime(2026, 10, 8, 19, 3, 4, tzinfo=UTC)
    assert [turn.text or turn.role for turn in session.turns if turn.sidechain] == ["I look for the crack.", "assistant", "tool"]


def test_the_prompt_that_a_command_stands_for_is_not_the_persons(reading, fixtures):
    page = (fixtures / "markdown_export" / "claude_extractor.md").read_text("utf-8").partition("## 👤 User")[0]
    command = "<command-message>sow</command-message>\n<command-name>/sow</command-name>\n<command-args>in May</command-args>"
    texts = [command, "You sow seeds. Always water them.", "Use the small pots."]
    session = reading("".join([page, *(f"## 👤 User\n\n{text}\n\n---\n\n" for text in texts)]).encode())
    assert [(turn.text, turn.mark) for turn in session.turns] == [
        ("/sow in May", "said"),
        ("You sow seeds. Always water them.", "injected"),
        ("Use the small pots.", "said"),
    ]


def test_a_page_inside_output_opens_no_section(pages):
    assert steps(pages["opencode"])[1][1].endswith("---\n\n## User\n\nThis heading is part of the notes.\n\n---")
    assert "\n```\n## User\n```\n" in steps(pages["qwen"])[1][1]


def test_words_after_a_call_follow_its_result(pages):
    assert [(turn.role, turn.text, turn.model) for turn in pages["opencode"].turns if turn.text and turn.role == "assistant"] == [
        ("assistant", "I read the notes and change the page.", "Kimi K2.5"),
        ("assistant", "The test of Sunday fails, since Sunday has no hours.", "Kimi K2.5"),
        ("assistant", "Sunday now reads “closed”.", "Kimi K2.5"),
    ]
    roles = [turn.role for turn in pages["opencode"].turns]
    assert roles == ["user", "assistant", "tool", "tool", "assistant", "tool", "tool", "tool", "assistant", "user", "assistant"]


def test_a_thought_is_no_answer(pages):
    thoughts = [turn.thinking for turn in pages["opencode"].turns if turn.thinking]
    assert thoughts == [
        "The user wants opening hours on the start page. I should look at the notes first.",
        "The user says that Sunday is closed.\n\nSo I add it.",
    ]


def test_a_thought_ends_above_the_first_heading(reading, fixtures):
    page = (fixtures / "markdown_export" / "opencode.md").read_text("utf-8").partition("So I add it.")[0]
    turn = reading(f"{page}So I add it.\n\n## Sunday\n\nI need to say it once.\n\nDone.\n".encode()).turns[-1]
    assert turn.thinking == "The user says that Sunday is closed.\n\nSo I add it."
    assert turn.text == "## Sunday\n\nI need to say it once.\n\nDone."


def test_a_compaction_is_a_summary(reading, fixtures):
    page = (fixtures / "markdown_export" / "opencode.md").read_text("utf-8")
    page += "\n## User\n\n---\n\n## Assistant (Compaction · Kimi K2.5 · 9.1s)\n\n## Goal\n\nShow the hours.\n\n---\n"
    turn = reading(page.encode()).turns[-1]
    assert (turn.role, turn.text, turn.mark, turn.model) == ("assistant", "## Goal\n\nShow the hours.", "summary", "Kimi K2.5")


def test_the_head_has_what_the_page_tells(pages):
    head = pages["opencode"].heads[0]
    assert (head.agent, head.id, head.title) == ("opencode", "ses_4a1c0ffee9XyZ", "Opening hours of the bakery")
    assert head.started_at == datetime(2026, 9, 14, 14, 5, 9, tzinfo=UTC)
    assert (pages["qwen"].heads[0].cwd, pages["qwen"].turns[1].model) == ("/home/ana/kiln", "qwen3.7-coder")
    assert pages["claude_extractor"].heads[0].started_at == datetime(2026, 8, 21, 6, 40, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("31/07/2026, 20:37:39", datetime(2026, 7, 31, 20, 37, 39, tzinfo=UTC)),
        ("04.05.2026, 17:46:01", datetime(2026, 5, 4, 17, 46, 1, tzinfo=UTC)),
        ("2026/8/2 14:58:50", datetime(2026, 8, 2, 14, 58, 50, tzinfo=UTC)),
        ("today", None),
    ],
)
def test_the_clock_of_every_country_is_read(reading, fixtures, clock, expected):
    page = (fixtures / "markdown_export" / "opencode.md").read_text("utf-8").replace("9/14/2026, 2:05:09 PM", clock)
    assert reading(page.encode()).heads[0].started_at == expected


def test_a_page_that_is_cut_off_has_the_open_output(reading, fixtures):
    page = (fixtures / "markdown_export" / "opencode.md").read_text("utf-8").partition("An older page")[0]
    session = reading(page.encode())
    assert steps(session)[-1][:2] == ("read", "# Hours\n\n```yaml\nmonday: closed\n```\n")


def test_acts_in_a_line_of_words_are_calls(pages):
    session = pages["antigravity"]
    assert [(call.name, call.arguments) for turn in session.turns for call in turn.calls] == [
        ("view_file", {"path": "/home/ana/boathouse/doors list.md"}),
        ("grep_search", {}),
        ("search_web", {"query": "paint that dries below 5 degrees"}),
        ("edit_file", {}),
        ("run_command", {"command": 'python -c "\nimport doors\n\ndoors.paint(skip=3)\n"'}),
        ("command_status", {}),
        ("read_resource", {"path": "c:/boathouse/log.txt"}),
        ("mcp_tool", {}),
    ]
    assert {step[1:] for step in steps(session)} == {("", None, None)}
    assert [turn.text for turn in session.turns if turn.role == "assistant" and turn.text] == [
        "I read the `list`.\n\n### Steps\n\n1. Sand them.\n2. *Paint* them.",
        "Doors 1, 2 and 4 are green.",
    ]
    assert [turn.text[:33] for turn in session.turns if turn.mark == "injected"] == ["This is a system-generated message"[:33]]
    assert [turn.role for turn in session.turns][:4] == ["user", "assistant", "tool", "tool"]


def test_a_rejected_command_is_an_error(reading):
    page = "### User Input\n\nPush it.\n\n*User rejected the command `git push`*\n\n### Planner Response\n\nNothing was pushed.\n"
    assert steps(reading(page.encode())) == [("run_command", "The user rejected the command.", True, None)]


@pytest.mark.parametrize(
    ("beginning", "role", "mark"),
    [
        ("Varnish the oars first.\n\n### Planner Response\n\nThey shine.\n", "user", "said"),
        ("The oars shine.\n\n### User Input\n\nGood.\n", "assistant", "said"),
        ("# The boathouse\n\n### User Input\n\nVarnish the oars.\n", "system", "injected"),
    ],
)
def test_a_page_may_begin_inside_a_conversation(reading, beginning, role, mark):
    session = reading(f"{beginning}\n### Planner Response\n\nDone.\n".encode())
    assert (session.heads[0].agent, session.turns[0].role, session.turns[0].mark) == ("antigravity", role, mark)
    assert session.turns[0].text == beginning.partition("\n")[0]


def test_another_page_may_quote_one(reading):
    quoted = "### User Input\n\nVarnish the oars.\n\n### Planner Response\n\nThey shine.\n"
    session = reading(f"# aider chat started at 2026-10-02 08:00:00\n\n#### Read the page\n\n{quoted}".encode())
    assert session.report.format == "aider"

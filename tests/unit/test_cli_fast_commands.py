from __future__ import annotations

import subprocess
import sys

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.cli import fast_commands
from onward.cli.commands import onward as group

WORDS = st.sampled_from(
    (
        "a.jsonl b.md - -- -h --help --json --jso --json=1 --no-sources --next-goal --next-goal=ship --budget --budget= --budget=40 4000 "
        "0 -3 "
        "--format --format=json markdown prompt x"
    ).split()
)


def framework_view(command: fast_commands.QuickCommand, arguments: list[str]) -> tuple[list[str], dict[str, fast_commands.OptionValue]]:
    """Return files and values as the framework parses them; raises click.UsageError."""
    with click.Context(group) as parent:
        framework_command = group.get_command(parent, command.name)
        assert framework_command is not None
        values = dict(framework_command.make_context(command.name, list(arguments), parent=parent, resilient_parsing=False).params)
    file = values.pop("file")
    return [file] if isinstance(file, str) else list(file), {name.replace("_", "-"): value for name, value in values.items()}


@given(st.sampled_from([fast_commands.DISTILL, fast_commands.READ]), st.lists(WORDS, max_size=6))
def test_the_fast_parser_agrees_with_the_framework(command: fast_commands.QuickCommand, arguments: list[str]) -> None:
    parsed = fast_commands.parse(command, arguments)
    if parsed is not None:
        assert parsed == framework_view(command, arguments)


@pytest.mark.parametrize(
    ("arguments", "files", "changed"),
    [
        (["a.jsonl"], ["a.jsonl"], {}),
        (["-"], ["-"], {}),
        (["a", "b", "--budget", "4000"], ["a", "b"], {"budget": 4000}),
        (["--format=prompt", "a", "--no-sources"], ["a"], {"format": "prompt", "no-sources": True}),
        (["a", "--json", "--next-goal", "ship it"], ["a"], {"json": True, "next-goal": "ship it"}),
    ],
)
def test_a_well_formed_call_is_read_without_the_framework(
    arguments: list[str], files: list[str], changed: dict[str, fast_commands.OptionValue]
) -> None:
    untouched = {"budget": None, "format": "markdown", "next-goal": None, "no-sources": False, "json": False}
    assert fast_commands.parse(fast_commands.DISTILL, arguments) == (files, {**untouched, **changed})


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["a", "--budget"],
        ["a", "--budget", "x"],
        ["a", "--budget", "0"],
        ["a", "--format", "pdf"],
        ["a", "--frob"],
        ["a", "--json=1"],
    ],
)
def test_the_rest_goes_to_the_framework(arguments: list[str]) -> None:
    assert fast_commands.parse(fast_commands.DISTILL, arguments) is None


def test_read_takes_one_file() -> None:
    assert fast_commands.parse(fast_commands.READ, ["a", "b"]) is None


def test_fast_commands_import_no_framework_and_no_database() -> None:
    program = (
        "import sys\n"
        "from onward.cli.main import main\n"
        "code = main(['distill', 'no-such-file.jsonl'])\n"
        "heavy = {'click', 'sqlalchemy', 'alembic', 'pydantic', 'asyncio', 'subprocess', 'betterleaks'} & set(sys.modules)\n"
        "print(code, sorted(heavy))\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "2 []\n"

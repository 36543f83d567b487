"""Every command: a secret in any argument or option reaches neither the store, nor the log, nor what is printed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import select

from onward.app.admin import secret_purge
from onward.cli.commands import LazyGroup
from onward.cli.main import main
from onward.store import Store
from onward.store.schema.tables import metadata

SECRET = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"
NOT_WALKED = {
    *("serve", "worker", "mcp", "hook", "statusline", "install", "uninstall", "demo", "sweep", "resume", "next"),
    *("distill", "read", "compress", "llm-key", "purge-secret", "db", "restore", "backup"),
}
"""Commands that run on, change the agents of this machine, use no store, or take a secret on purpose."""
LEFT_OUT = (
    "project",
    "server",
    "token",
    "home",
    "category",
    "session",
    "agent",
    "template",
    "file",
    "model",
    "target",
    "output",
    "since",
    "paths",
)
"""Names of what exists, and paths: these are printed as they are, so that a person finds the file."""
REACHED = {
    "projects": "name description",
    "sessions": "objectives_json accomplishments_json title",
    "fact_edits": "text",
    "knowledge": "text",
    "templates": "name",
    "access_tokens": "name",
}
"""Columns to which the commands bring the secret, so that the test does not pass because nothing came in."""
_NUMBERS = itertools.count(1)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command of *group* and of the groups in it, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or name in NOT_WALKED:
            continue
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def is_text(parameter: click.Parameter) -> bool:
    return isinstance(parameter.type, type(click.STRING)) and not (isinstance(parameter, click.Option) and parameter.is_flag)


def value_of(parameter: click.Parameter) -> str:
    """Return a value for *parameter*: the secret where it takes any text."""
    if isinstance(parameter.type, click.Choice):
        return str(next(iter(parameter.type.choices)))
    if is_text(parameter) and parameter.name not in LEFT_OUT:
        return f"{parameter.name} {next(_NUMBERS)} {SECRET}"
    return "1"


def calls(words: tuple[str, ...], command: click.Command, project: str) -> Iterator[list[str]]:
    """Yield calls of a command for a project: without options, and with each that takes a text."""
    own_arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    needed = [item for option in options if option.required for item in (option.opts[0], value_of(option))]
    if any(option.name == "project" for option in options):
        needed += ["--project", project]
    texts = [option for option in options if is_text(option) and option.name not in LEFT_OUT]
    for names, option in itertools.product(((), ("name", "source")), (None, *texts)):
        arguments = [project if parameter.name in names else value_of(parameter) for parameter in own_arguments]
        yield [*words, *needed, *([option.opts[0], value_of(option)] if option else []), *arguments]


def test_no_command_leaves_a_secret(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, value in {"ONWARD_HOME": home, "HOME": tmp_path / "person", "CLAUDE_CONFIG_DIR": tmp_path / "claude"}.items():
        monkeypatch.setenv(name, str(value))

    def onward(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", (tmp_path / "nothing").open())
        return main(list(arguments)), "".join(capfd.readouterr())

    (tmp_path / "nothing").touch()
    leaking, succeeded = [], set()
    for words, command in commands(LazyGroup("onward")):
        if isinstance(command, click.Group):
            continue
        project = f"shop-{next(_NUMBERS)}"
        assert onward("project", "new", project)[0] == onward("session", "start", "--project", project)[0] == 0
        for call in calls(words, command, project):
            code, printed = onward(*call)
            if SECRET in printed:
                leaking.append(f"{' '.join(words)}: {printed[:300]}")
            if code == 0:
                succeeded.add(words)
    assert leaking == []
    assert len(succeeded) > 30
    assert SECRET not in caplog.text
    with Store.at_folder(home) as store:
        assert secret_purge.count_rows(store, SECRET) == {}
        assert unreached_columns(store) == []
    assert [path for path in home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()] == []


def unreached_columns(store: Store) -> list[str]:
    """Return those of `REACHED` without a placeholder."""
    with store.read() as connection:

        def texts(table: str, column: str) -> list[Any]:
            return list(connection.execute(select(metadata.tables[table].c[column])).scalars())

        return [
            f"{table}.{column}"
            for table, columns in REACHED.items()
            for column in columns.split()
            if not any("[secret:" in str(value) for value in texts(table, column))
        ]

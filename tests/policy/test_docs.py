"""Everything a person can use is documented, and everything documented exists."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import click
import pytest

from onward import settings
from onward.cli.commands import GROUPS, onward


@pytest.fixture(scope="module")
def generate(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands() -> list[tuple[str, click.Command]]:
    """Every command with its full name, those under a group too."""
    named_commands: list[tuple[str, click.Command]] = []

    def walk(command: click.Command, name: str) -> None:
        named_commands.append((name, command))
        if isinstance(command, click.Group):
            with click.Context(command) as context:
                for below in command.list_commands(context):
                    walk(command.get_command(context, below), f"{name} {below}")

    walk(onward, "onward")
    return named_commands


def test_the_reference_is_up_to_date(root: Path, generate: ModuleType) -> None:
    assert (root / "docs/reference/cli.md").read_text(encoding="utf-8") == generate.cli_reference(), "run: make docs"


def test_every_format_is_documented(root: Path, generate: ModuleType) -> None:
    page = (root / "docs/reference/formats.md").read_text(encoding="utf-8")
    assert page == generate.formats_reference(), "run: make docs"
    readme = (root / "README.md").read_text(encoding="utf-8").lower()
    agents = [re.match(r"- ([\w.-]+)", line) for line in page.splitlines() if line.startswith("- ")]
    assert not [agent.group(1) for agent in agents if agent and agent.group(1).lower() not in readme]


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints(root: Path, generate: ModuleType) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    assert generate.readme(text, generate.demo_output()) == text, "run: make docs"


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_says_what_it_does_and_answers_in_json(name: str, command: click.Command) -> None:
    assert command.help
    undescribed = [option.name for option in command.params if isinstance(option, click.Option) and not option.help]
    assert not undescribed
    if not isinstance(command, click.Group):
        assert "--json" in {flag for option in command.params for flag in option.opts}
        assert "Example" in command.help, f"{name} shows no example"


def test_the_table_of_commands_agrees_with_the_commands() -> None:
    with click.Context(onward) as context:
        for entries in GROUPS.values():
            for entry in entries:
                command = onward.get_command(context, entry.name)
                assert command is not None
                assert command.name == entry.name
                assert entry.summary.endswith(".")


def test_every_setting_is_documented(root: Path) -> None:
    page = (root / "docs/reference/settings.md").read_text(encoding="utf-8")
    for name in settings.NAMES:
        assert f"`{name}`" in page
        assert f"`ONWARD_{name.upper()}`" in page


def test_every_variable_that_the_source_reads_is_documented_and_the_other_way(root: Path, python_files: list[Path]) -> None:
    page = (root / "docs/reference/settings.md").read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in python_files if "src" in path.relative_to(root).parts)
    read = set(re.findall(r"\bONWARD_[A-Z_]*[A-Z]\b", source)) | {f"ONWARD_{name.upper()}" for name in settings.NAMES}
    assert read == set(re.findall(r"\bONWARD_[A-Z_]*[A-Z]\b", page))


def test_commands_in_the_documents_exist(root: Path, repository_files: list[Path]) -> None:
    command_names = {name.removeprefix("onward ") for name, _ in commands()}
    for path in repository_files:
        if path.suffix != ".md" or path.name == "CHANGELOG.md":
            continue
        for line in re.findall(r"(?m)^\$ onward (.+)$", path.read_text(encoding="utf-8")):
            words = line.split()
            assert words[0] in command_names or words[0].startswith("-"), f"{path.relative_to(root)}: onward {line}"
            if words[0] in {"project", "session", "fact"}:
                assert " ".join(words[:2]) in command_names, f"{path.relative_to(root)}: onward {line}"


def test_links_between_the_documents_lead_somewhere(root: Path, repository_files: list[Path]) -> None:
    for path in repository_files:
        if path.suffix == ".md":
            for target in re.findall(r"\]\((?![a-z]+:|#)([^)#]+)", path.read_text(encoding="utf-8")):
                assert (path.parent / target).exists(), f"{path.relative_to(root)} links to {target}"


def test_each_change_in_the_changelog_is_one_line(root: Path) -> None:
    _, *entries = (root / "CHANGELOG.md").read_text(encoding="utf-8").partition("## Unreleased")[2].split("\n")
    wrong = [line for line in entries if line and not re.fullmatch(r"### \w+|[A-Z][\w ,()]+|- .+\.", line)]
    assert not wrong, "one short line a change: reason and details belong in the commit"

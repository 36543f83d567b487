"""Commands that must start fast: `distill` and `read`.

Importing click takes several times as long as starting Python. These commands are declared here as plain data. `parse` reads it for a
well-formed call; click (`cli.commands`) handles everything else, including `--help` and errors.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, TypeAlias

OptionValue: TypeAlias = str | int | bool | None


class Option(NamedTuple):
    """A flag. It takes one of `choices`, a positive integer (`takes_number`), a free text (`metavar`), or no value."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    takes_number: bool = False
    metavar: str = ""
    """The name of its free text in the help; empty if it takes none."""
    default: OptionValue = None

    @property
    def takes_value(self) -> bool:
        """Whether the flag takes a value."""
        return bool(self.choices or self.takes_number or self.metavar)


class QuickCommand(NamedTuple):
    """A command as data. `target` is the `module:function` that is called with the files and the option values."""

    name: str
    summary: str
    help: str
    takes_many_files: bool
    options: tuple[Option, ...]
    target: str


JSON = Option("json", "Print JSON.")

DISTILL = QuickCommand(
    name="distill",
    summary="Turn transcripts into a handoff; store nothing.",
    help="""Read transcripts in the given order and print the handoff for the next session.

Stores nothing, reads no settings and uses no network. FILE is a transcript of any supported agent; `-` is standard input.
Secrets are replaced by labelled placeholders before anything is printed.

\b
Examples:
  onward distill session.jsonl
  onward distill monday.jsonl tuesday.jsonl --budget 4000 > HANDOFF.md
  onward distill session.jsonl --format prompt | pbcopy
""",
    takes_many_files=True,
    options=(
        Option(
            "budget", "Maximum tokens of the handoff. Default: 2 % of the sessions' tokens, between 2,000 and 8,000.", takes_number=True
        ),
        Option(
            "format",
            "markdown to read, prompt to paste into an agent, json for programs.",
            choices=("markdown", "prompt", "json"),
            default="markdown",
        ),
        Option("next-goal", "With --format prompt: the goal of the next session.", metavar="TEXT"),
        Option("no-sources", "Omit source handles such as [s3.41]."),
        JSON,
    ),
    target="onward.cli.transcripts:distill",
)

READ = QuickCommand(
    name="read",
    summary="Print an agent's transcript as Markdown.",
    help="""Print a transcript of any supported agent as Markdown, or with --json as one object per line.

FILE may be `-` for standard input. Secrets are replaced by labelled placeholders. Unreadable lines are reported on standard error.

\b
Examples:
  onward read session.jsonl | less
  onward read session.jsonl --json | head -3
""",
    takes_many_files=False,
    options=(JSON,),
    target="onward.cli.transcripts:read",
)

COMMANDS = {command.name: command for command in (DISTILL, READ)}


def run(arguments: list[str]) -> int | None:
    """Run a fast command and return its exit code; None if click must handle the call."""
    if not arguments or arguments[0] not in COMMANDS:
        return None
    command = COMMANDS[arguments[0]]
    parsed = parse(command, arguments[1:])
    if parsed is None:
        return None
    files, values = parsed
    return call_command(command, files, values)


def call_command(command: QuickCommand, files: list[str], values: dict[str, OptionValue]) -> int:
    """Run *command* and return its exit code."""
    module, function = command.target.split(":")
    target: Callable[..., int] = getattr(import_module(module), function)
    return target(files, **{name.replace("-", "_"): value for name, value in values.items()})


def parse(command: QuickCommand, arguments: list[str]) -> tuple[list[str], dict[str, OptionValue]] | None:
    """Return the files and the value of every option; None if the call is malformed, so that click reports the error."""
    options = {"--" + option.name: option for option in command.options}
    values: dict[str, OptionValue] = {option.name: option.default if option.takes_value else False for option in command.options}
    files: list[str] = []
    remaining = iter(arguments)
    for word in remaining:
        if word == "-" or not word.startswith("-"):
            files.append(word)
            continue
        name, equals, inline_value = word.partition("=")
        option = options.get(name)
        if option is None or (equals and not option.takes_value):
            return None
        value = _parse_value(option, inline_value if equals else next(remaining, "")) if option.takes_value else True
        if value is None:
            return None
        values[option.name] = value
    return (files, values) if files and (command.takes_many_files or len(files) == 1) else None


def _parse_value(option: Option, text: str) -> OptionValue:
    if option.takes_number:
        return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None
    return text if text in option.choices or (option.metavar and text) else None

"""Commands that must start at once: `distill` and `read`.

Importing the command-line framework costs several times the start of Python. So these commands are declared here as plain data, from which the framework makes
their help and their errors (`cli.commands`), and which `parse` reads for a well-formed call. Anything else, and `--help`, goes to the framework.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, TypeAlias

OptionValue: TypeAlias = str | int | bool | None


class Option(NamedTuple):
    """A flag: `choices` are the values it takes, `number` says that it takes a positive whole number; with neither it takes no value."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    takes_number: bool = False
    metavar: str = ""
    """What its free text is called in the help; empty where it takes none."""
    default: OptionValue = None

    @property
    def takes_value(self) -> bool:
        """Whether a value follows the flag."""
        return bool(self.choices or self.takes_number or self.metavar)


class QuickCommand(NamedTuple):
    """A command as data. `runs` names the function `module:function` that is called with the files and the options' values."""

    name: str
    summary: str
    help: str
    takes_many_files: bool
    options: tuple[Option, ...]
    target: str


JSON = Option("json", "Answer in JSON, for programs.")

DISTILL = QuickCommand(
    name="distill",
    summary="Turn transcripts into a handoff, without storing anything.",
    help="""Read transcripts, in the order given, and print the handoff that the next session should start with.

Nothing is stored, no settings are read and no network is used. FILE is a transcript of any known agent; `-` is standard input.
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
            "budget", "Most tokens that the handoff may take. Default: 2 % of the sessions' tokens, from 2,000 to 8,000.", takes_number=True
        ),
        Option(
            "format",
            "markdown to read, prompt to paste into an agent, json for programs.",
            choices=("markdown", "prompt", "json"),
            default="markdown",
        ),
        Option("next-goal", "With --format prompt: what the next session should do.", metavar="TEXT"),
        Option("no-sources", "Leave out the handles like [s3.41] that name the turns behind each line."),
        JSON,
    ),
    target="onward.cli.transcripts:distill",
)

READ = QuickCommand(
    name="read",
    summary="Show any agent's transcript as Markdown.",
    help="""Read a transcript of any known agent and print it as Markdown, or with --json as one object a line.

FILE may be `-` for standard input. Secrets are replaced by labelled placeholders. What could not be read is said at the end, on standard error.

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
    """Run a quick command and return its exit code; None where the framework must take over."""
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
    """Return the files and every option's value; None for anything but a well-formed call, whose error the framework words."""
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

"""Write the pages that are generated from the program: the reference, and the demo output in README.md.

python docs/generate.py            write them
python docs/generate.py --check    list those that are out of date (exit code 1)
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import click

from onward.cli.commands import GROUPS, onward
from onward.formats import FORMATS

ROOT = Path(__file__).resolve().parents[1]
SHOWN = re.compile(r"(?<=<!-- demo -->\n```text\n).*?(?=```\n<!-- /demo -->)", re.DOTALL)
PLACEHOLDER = re.compile(r"(?<=\[secret:)([\w-]+):[0-9a-f]+")
"""Placeholders depend on the key of the project, so they differ in every run."""


def cli_reference() -> str:
    """Return docs/reference/cli.md: the help of every command, as printed at 100 columns."""
    parts = ["# Commands\n\nMade from the program by `make docs`. Exit codes: 0 done, 1 failed, 2 wrong use or bad input.\n"]
    with click.Context(onward, info_name="onward", **onward.context_settings) as context:
        for title, entries in GROUPS.items():
            parts.append(f"## {title}\n")
            for entry in entries:
                command = onward.get_command(context, entry.name)
                assert command is not None
                parts += _pages(command, context, entry.name)
    return "\n".join(parts)


def _pages(command: click.Command, parent: click.Context, name: str) -> list[str]:
    """Return the section of a command and of every command under it."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    pages = [f"### onward {context.command_path.removeprefix('onward ')}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"]
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            subcommand = command.get_command(context, below)
            assert subcommand is not None
            pages += _pages(subcommand, context, below)
    return pages


def formats_reference() -> str:
    """Return docs/reference/formats.md: the first paragraph of each format module."""
    lines = [
        "# Transcripts that Onward reads\n",
        (
            "Made from the program by `make docs`. The format is found from the content, never from a file's name; `onward read FILE` shows "
            "what was understood, what was left out and why.\n"
        ),
    ]
    for name in FORMATS:
        docstring = (import_module(f"onward.formats.{name}").__doc__ or "").split("\n\n")[0]
        lines.append("- " + " ".join(docstring.split()))
    lines.append(
        "\nAll of them may be compressed with zstd, begin with a byte-order mark, or be UTF-16. Another package adds one through the "
        "entry point group `onward.formats`."
    )
    return "\n".join(lines) + "\n"


def demo_output() -> str:
    """Return the output of `onward demo --no-serve` in a pipe, with an empty home."""
    with tempfile.TemporaryDirectory() as home:
        outer_environment = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
        command = [sys.executable, "-m", "onward", "demo", "--no-serve"]
        answer = subprocess.run(command, env={**outer_environment, "ONWARD_HOME": home}, cwd=home, capture_output=True, check=True)
    return answer.stdout.decode()


def readme(text: str, output: str) -> str:
    """Return README.md with *output* in place of the demo's; unchanged where only the digits of placeholders differ."""
    shown = SHOWN.search(text)
    assert shown is not None, "README.md has no place for the demo's output"
    if PLACEHOLDER.sub(r"\1", shown.group()) == PLACEHOLDER.sub(r"\1", output):
        return text
    return text[: shown.start()] + output + text[shown.end() :]


def pages() -> dict[Path, str]:
    """Return every generated page: its path and its text."""
    front = ROOT / "README.md"
    return {
        ROOT / "docs/reference/cli.md": cli_reference(),
        ROOT / "docs/reference/formats.md": formats_reference(),
        front: readme(front.read_text(encoding="utf-8"), demo_output()),
    }


def main() -> int:
    """Write the pages, or check them."""
    stale = {path: text for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is not what the program says: run make docs")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())

"""`onward compress`: compresses a long text."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from onward.app.handoffs import drafts
from onward.app.turns.client_turns import parse_any_text
from onward.cli.context import json_option
from onward.cli.presentation import note, quantity, say_json
from onward.core.text.printable import printable
from onward.errors import BadInput, UnreadableFile
from onward.message import Message

MAX_CHARS = 50_000_000


@click.command()
@click.argument("file", default="-")
@click.option(
    "--budget",
    "budget_tokens",
    type=click.IntRange(min=50),
    default=2000,
    show_default=True,
    metavar="N",
    help="Maximum tokens of the result.",
)
@json_option
def compress(file: str, budget_tokens: int, as_json: bool) -> None:
    """Compress FILE or standard input. Uses no store, no settings, no network and no model.

    A conversation becomes a handoff. Of other text (notes, logs, code) the most informative lines and sentences are kept verbatim and
    in order, with gaps marked. Secrets are redacted. The preservation is printed on standard error.

    \b
    Examples:
      onward compress server.log --budget 500
      kubectl logs api | onward compress --budget 800
    """
    text = sys.stdin.read(MAX_CHARS) if file == "-" else _read_file(Path(file))
    if not text.strip():
        raise BadInput("The input is empty.", "Give a file with text, or text on standard input.")
    compressed = drafts.compress(text, parse_any_text(text), budget_tokens)
    preservation = compressed.preservation
    if as_json:
        sizes = {
            "text": compressed.text,
            "tokens": compressed.tokens,
            "text_tokens": compressed.text_tokens,
            "ratio": round(compressed.ratio, 2),
        }
        say_json(
            {
                **sizes,
                "preservation": preservation.to_json() if preservation else None,
                "preservation_ratio": preservation.preservation_ratio if preservation else None,
            }
        )
        return
    sys.stdout.write(printable(compressed.text).rstrip("\n") + "\n")
    note(preservation.line() if preservation else f"Not compressed: the text has only {quantity(compressed.tokens, 'token')}.")
    if preservation:
        note(f"{compressed.text_tokens:,} → {compressed.tokens:,} tokens, {compressed.ratio:.1f}× smaller.")


def _read_file(path: Path) -> str:
    try:
        return path.read_bytes()[:MAX_CHARS].decode("utf-8", "replace")
    except OSError as error:
        raise UnreadableFile(
            Message("Cannot read {path}: {problem}.", path=path, problem=error.strerror), "Check the path and its permissions."
        ) from error

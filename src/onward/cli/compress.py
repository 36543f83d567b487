"""`onward compress`: a long text made short."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from onward.app.handoffs import drafts
from onward.app.turns.client_turns import parse_text
from onward.cli.context import json_option
from onward.cli.presentation import note, say_json
from onward.core.text.printable import printable
from onward.errors import BadInput, UnreadableFile

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
    help="Most tokens that it may take.",
)
@json_option
def compress(file: str, budget_tokens: int, as_json: bool) -> None:
    """Make a long text short: FILE, or standard input. No store, no settings, no network, no model.

    A conversation becomes its handoff. Any other text (notes, a log, code) keeps the lines and sentences that say most, in their own words and
    order, gaps marked. Secrets are redacted. What it keeps is measured, and said on standard error.

    \b
    Examples:
      onward compress server.log --budget 500
      kubectl logs api | onward compress --budget 800
    """
    text = sys.stdin.read(MAX_CHARS) if file == "-" else _read_file(Path(file))
    if not text.strip():
        raise BadInput("There is nothing in it.", "Give a file with text, or a text on standard input.")
    compressed = drafts.compress(text, parse_text(text), budget_tokens)
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
                "preservation_ratio": preservation.recall_ratio if preservation else None,
            }
        )
        return
    sys.stdout.write(printable(compressed.text).rstrip("\n") + "\n")
    note(preservation.line() if preservation else f"It has {compressed.tokens:,} tokens, and stays as it is.")
    if preservation:
        note(f"{compressed.text_tokens:,} tokens in {compressed.tokens:,}: {compressed.ratio:.1f} to 1.")


def _read_file(path: Path) -> str:
    try:
        return path.read_bytes()[:MAX_CHARS].decode("utf-8", "replace")
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.", "Check its name, and that you may read it.") from error

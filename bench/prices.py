"""Tokens and cost of real sessions beside what others count: ccusage's method for Claude Code, and Codex's own totals.

    python -m bench.prices [--shared ../shared]

ccusage counts one record for each message and request: of the records that share both, the one with the most output, because the others are
of an answer that was still growing. Codex writes the total of its session with every answer. The first ten sessions of each agent that have
usage are counted, by name. Both sides use the same price table: what differs is the counting.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.probe_sets import SHARED
from bench.report import keep, table
from onward.core.transcript.transcript import ImportReport, Turn, Usage
from onward.formats import open_source, read
from onward.formats.fields import as_time
from onward.tokens.prices import price_usd

FILES = 10
HEAD = ["agent", "session", "tokens", "counted by the other", "differs by %", "USD", "USD by the other", "differs by %"]
_CLAUDE, _CODEX = "**/*_claude_*.jsonl", "**/rollout-*.jsonl"


def main(arguments: list[str] | None = None) -> None:
    """Count, print, and save."""
    argument_parser = argparse.ArgumentParser(prog="python -m bench.prices", description=__doc__)
    argument_parser.add_argument("--shared", type=Path, default=SHARED, help="the folder of transcripts")
    data = argument_parser.parse_args(arguments).shared / "data"
    rows = [*_rows("claude-code", data, _CLAUDE), *_rows("codex", data, _CODEX)]
    if not rows:
        raise SystemExit(f"No sessions under {data}.")
    print(table(HEAD, rows))
    worst = max(abs(float(row[4])) for row in rows), max(abs(float(row[7])) for row in rows if row[7])
    print(f"The largest difference is {worst[0]:.2f} % of the tokens and {worst[1]:.2f} % of the cost, over {len(rows)} sessions.")
    keep("prices", {"rows": [dict(zip(HEAD, row, strict=False)) for row in rows], "worst_percent": worst}, arguments)


def _rows(agent: str, data: Path, pattern: str) -> Iterator[list[str]]:
    count = 0
    for path in sorted(data.glob(pattern)):
        other_tokens, other_usd = count_as_ccusage(path) if agent == "claude-code" else (codex_total(path), None)
        if not other_tokens or count == FILES:
            continue
        count += 1
        tokens, usd = count_as_onward(path)
        cost = [f"{usd:.2f}", "", ""] if other_usd is None else [f"{usd:.2f}", f"{other_usd:.2f}", _difference(usd, other_usd)]
        yield [agent, path.stem[-20:], f"{tokens:,}", f"{other_tokens:,}", _difference(tokens, other_tokens), *cost]


def _difference(value: float, other: float) -> str:
    return f"{100 * (value - other) / other:.2f}" if other else "0.00"


def count_as_onward(path: Path) -> tuple[int, float]:
    """Return the tokens of a session and their list price in US dollars, as Onward reads them."""
    tokens, usd = 0, 0.0
    for item in read(open_source(path), ImportReport()):
        if isinstance(item, Turn) and item.usage:
            tokens += _sum(item.usage)
            usd += price_usd(item.model or "", item.usage, item.at) or 0.0
    return tokens, usd


def count_as_ccusage(path: Path) -> tuple[int, float]:
    """Return the same by ccusage's method."""
    answers: dict[object, tuple[Usage, dict[str, Any]]] = {}
    for record in _records(path):
        message = record.get("message")
        counts = message.get("usage") if isinstance(message, dict) and record.get("type") == "assistant" else None
        if not isinstance(counts, dict) or not isinstance(message, dict):
            continue
        usage = Usage(
            input_tokens=counts.get("input_tokens") or 0,
            output_tokens=counts.get("output_tokens") or 0,
            cache_read_tokens=counts.get("cache_read_input_tokens") or 0,
            cache_write_tokens=counts.get("cache_creation_input_tokens") or 0,
            cache_write_1h_tokens=(counts.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0,
        )
        key = (message["id"], record["requestId"]) if message.get("id") and record.get("requestId") else len(answers)
        if key not in answers or answers[key][0].output_tokens < usage.output_tokens:
            answers[key] = usage, record
    prices = [
        price_usd(record["message"].get("model") or "", usage, as_time(record.get("timestamp"))) for usage, record in answers.values()
    ]
    return sum(_sum(usage) for usage, _ in answers.values()), sum(price or 0.0 for price in prices)


def codex_total(path: Path) -> int:
    """Return the tokens that Codex itself counted for a session."""
    total, earlier = 0, 0
    for record in _records(path):
        information = (record.get("payload") or {}).get("info") if record.get("type") == "event_msg" else None
        if isinstance(information, dict) and isinstance(usage := information.get("total_token_usage"), dict):
            newest = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
            # The total begins again when a session is resumed.
            earlier += total if newest < total else 0
            total = newest
    return earlier + total


def _sum(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record


if __name__ == "__main__":
    main()

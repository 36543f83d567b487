"""Cost of Onward as an agent's tool: tokens that every session pays, and response times.

    python -m bench mcp

Tokens are counted exactly (cl100k). Times are those of a real process over standard input and output, called by the official client, on
a store with the sample sessions: from its start to the first answer (best of five), and of each tool (median of twenty calls). The bare
start of Python is shown for comparison.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import anyio
import quicktok
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from bench.report import save, table
from onward import samples

TOKENS_LIMIT = 1500
STARTS, CALLS = 5, 20
REQUESTS: dict[str, dict[str, Any]] = {
    "get_handoff": {},
    "search": {"query": "printer heartbeat"},
    "get_source": {"handle": "s3.41"},
    "troubleshoot": {"error": "database is locked"},
    "record_fact": {"kind": "decision", "text": "The till listens on port 9100"},
    "save_turns": {"turns": [{"role": "user", "content": "Always keep prices in cents."}]},
}


@dataclass(frozen=True, slots=True)
class Cost:
    """One cost: `tokens` of a list or an answer, `ms` until it arrives."""

    what: str
    tokens: int
    ms: float | None


def main(arguments: list[str] | None = None) -> None:
    """Measure, print and save."""
    argparse.ArgumentParser(prog="python -m bench mcp", description=__doc__).parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        costs = anyio.run(_measure, Path(place))
    print(table(["what", "tokens", "ms"], [[cost.what, f"{cost.tokens:,}", "" if cost.ms is None else f"{cost.ms:.0f}"] for cost in costs]))
    whole = costs[0].tokens
    print(
        f"\nThe list of tools and the instructions: {whole} tokens (limit {TOKENS_LIMIT}): {'met' if whole <= TOKENS_LIMIT else 'NOT MET'}"
    )
    save("mcp", {"costs": [asdict(cost) for cost in costs], "tokens_limit": TOKENS_LIMIT})


async def _measure(place: Path) -> list[Cost]:
    environment = {**os.environ, "ONWARD_HOME": str(place / "home"), "HOME": str(place)}
    onward = [sys.executable, "-m", "onward"]
    files = [str(path) for path in samples.write(place)]
    run = ("import", *files, "--project", "antre", "--complete")
    await anyio.run_process([*onward, *run], env=environment)
    server = StdioServerParameters(command=sys.executable, args=["-m", "onward", "mcp", "--project", "antre"], env=environment, cwd=place)
    costs: list[Cost] = []
    for mode in ("legacy", "auto"):
        took = [await _first_answer(server, mode) for _ in range(STARTS)]
        costs.append(Cost(f"start to first answer ({mode})", 0, min(took)))
    bare = min(_bare() for _ in range(STARTS))
    async with Client(server) as client:
        listed = await client.list_tools()
        whole = listed.model_dump_json(by_alias=True, exclude_none=True) + (client.instructions or "")
        tools = [Cost(f"tool {tool.name}", tokens(tool.model_dump_json(by_alias=True, exclude_none=True)), None) for tool in listed.tools]
        answers = [await _time_answer(client, tool, arguments) for tool, arguments in REQUESTS.items()]
    return [
        Cost("the list of tools, with instructions", tokens(whole), None),
        *tools,
        *answers,
        *costs,
        Cost("bare start of Python", 0, bare),
    ]


async def _first_answer(server: StdioServerParameters, mode: str) -> float:
    started = time.perf_counter()
    async with Client(server, mode=mode) as client:
        await client.list_tools()
        return (time.perf_counter() - started) * 1000


async def _time_answer(client: Client, tool: str, arguments: dict[str, Any]) -> Cost:
    took: list[float] = []
    text = ""
    for _ in range(CALLS):
        started = time.perf_counter()
        result = await client.call_tool(tool, arguments)
        took.append((time.perf_counter() - started) * 1000)
        if result.is_error:
            raise SystemExit(f"{tool} failed: {result.content}")
        text = result.content[0].text  # type: ignore[union-attr]
    return Cost(f"answer of {tool}", tokens(text), median(took))


def _bare() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return (time.perf_counter() - started) * 1000


def tokens(text: str) -> int:
    """Return the exact number of tokens of *text*."""
    return len(quicktok.get_encoding("cl100k_base").encode(text, disallowed_special=()))


if __name__ == "__main__":
    main()

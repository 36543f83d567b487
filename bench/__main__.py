"""Run every benchmark in turn (`make bench`), or only the named ones.

    python -m bench [NAME …] [--long] [--list]
    python -m bench NAME FLAG …

`--long` adds the parts that take longest. Other flags go to the one benchmark that is named. A benchmark that fails is reported at the end
and does not stop the others.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

from bench import (
    agreement,
    analytics,
    canaries,
    dashboard,
    errors,
    everyday,
    fit,
    formats,
    gold,
    held_out,
    locomo,
    losses,
    mcp,
    page,
    planted_secrets,
    preservation,
    prices,
    quotes,
    reader_outcomes,
    recall,
    retention,
    scale,
    server,
    speed,
    start,
    writer,
)

_FLAGS = ("--help", "--list", "--long")


class Bench(NamedTuple):
    """One benchmark: what it measures, its entry point, and the flags of its long form."""

    measures: str
    run: Callable[[list[str]], None]
    long: list[str] | None = None


BENCHES = {
    "speed": Bench("speed of distill and import", speed.main),
    "start": Bench("how soon hooks and --version have answered", start.main),
    "formats": Bench("read speed of each format, and the share of records accounted for", formats.main),
    "reader_outcomes": Bench("what comes of every shared file, and clients' own words in handoffs", reader_outcomes.main),
    "preservation": Bench("preservation on the frozen probes", preservation.main),
    "fit": Bench("what trees learn of a sentence's worth, in-sample and on projects left out", fit.main, ["--left-out"]),
    "held_out": Bench("the same on projects that the trees have not seen", held_out.main),
    "losses": Bench("probes lost, and at which step", losses.main),
    "agreement": Bench("agreement of the measure with the probes", agreement.main),
    "gold": Bench("facts found, shown and retired, against annotated ones", gold.main),
    "quotes": Bench("exact values, to the byte", quotes.main),
    "canaries": Bench("planted canaries over five sessions", canaries.main),
    "retention": Bench("what later masters still answer", retention.main),
    "recall": Bench("search on the probes' evidence", recall.main),
    "errors": Bench("errors met before, asked for in other words", errors.main),
    "locomo": Bench("search on long conversations of two people", locomo.main),
    "writer": Bench("written handoffs: their evidence, their answers, and what the guard refuses", writer.main),
    "prices": Bench("tokens and cost of sessions beside ccusage's method and Codex's own totals", prices.main),
    "secrets": Bench("secrets let through, and harmless texts changed", planted_secrets.main),
    "scale": Bench("cost of session 10, 100 and 1,000", scale.main, ["--turns", "1000000"]),
    "analytics": Bench("cost of growth, retention and patterns at 10 and 10,000 sessions", analytics.main),
    "server": Bench("requests per second beside a minimal server, and start-up time", server.main),
    "mcp": Bench("what the MCP server costs an agent", mcp.main),
    "dashboard": Bench("weight and speed of the dashboard in a browser", dashboard.main),
    "everyday": Bench("five everyday jobs on the dashboard: clicks, keys, seconds", everyday.main),
    "page": Bench("figures of the newest runs into docs/preservation.md", page.main),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks; each prints its table and writes its JSON under bench/results. Return 1 when one failed."""
    argument_parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    argument_parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHES)} (default: all)")
    argument_parser.add_argument("--long", action="store_true", help="include the parts that take longest")
    argument_parser.add_argument("--list", action="store_true", help="list the benchmarks")
    given = sys.argv[1:] if arguments is None else arguments
    first_flag = next((place for place, text in enumerate(given) if text.startswith("--") and text not in _FLAGS), len(given))
    options, flags = argument_parser.parse_args(given[:first_flag]), given[first_flag:]
    if unknown := [name for name in options.names if name not in BENCHES]:
        argument_parser.error(f"unknown benchmark {', '.join(unknown)}: choose from {', '.join(BENCHES)}")
    if flags and len(options.names) != 1:
        argument_parser.error(f"{flags[0]} needs the name of one benchmark before it")
    if options.list:
        print("\n".join(f"{name:16}{bench.measures}" for name, bench in BENCHES.items()))
        return 0
    failed: list[str] = []
    for name in options.names or BENCHES:
        bench, started = BENCHES[name], time.monotonic()
        print(f"== {name}: {bench.measures}\n", flush=True)
        try:
            bench.run([*(bench.long or [] if options.long else []), *flags])
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one bench less is no reason to lose the others' figures
            failed.append(name)
            if isinstance(error, SystemExit):
                print(error, file=sys.stderr)
            else:
                traceback.print_exc()
        print(f"({name} took {time.monotonic() - started:.0f} s)\n", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Run the real agents against Onward, offline, with a scripted model (`make agents`).

    python -m bench.clients [AGENT …] [--keep FOLDER]

Installs the pinned clients from npm into `.agents` (once; ONWARD_AGENTS_CACHE names another folder) and prints a table: one row for each
client, one column for each check. Exit status 1 if a check failed. Clients that cannot be installed are named and skipped.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.clients.catalogue import CLIENTS, Client
from bench.clients.endpoint import running_endpoint
from bench.clients.installation import Installation
from bench.clients.trial import CHECKS, Trial, skip_reason, start_ms

WIDTH = 12


def main(arguments: list[str]) -> int:
    """Run the checks and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description="Run the real agents against Onward.")
    parser.add_argument("agents", nargs="*", choices=[[], *(client.agent for client in CLIENTS)], metavar="AGENT")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep homes, repositories and transcripts in FOLDER")
    options = parser.parse_args(arguments)
    clients = [client for client in CLIENTS if not options.agents or client.agent in options.agents]
    installation = Installation()
    installation.install()
    print("".join(name.ljust(WIDTH) for name in ("agent", *CHECKS, "start ms")), flush=True)
    with tempfile.TemporaryDirectory(prefix="onward-agents-") as folder:
        problems = [line for client in clients for line in _try_client(client, installation, options.keep or Path(folder))]
    print("\n".join(["", *problems]) if problems else "\nall checks passed")
    return 1 if any(not line.startswith("skipped") for line in problems) else 0


def _try_client(client: Client, installation: Installation, folder: Path) -> list[str]:
    """Print the row of a client and return its problems."""
    print(client.agent.ljust(WIDTH), end="", flush=True)
    if installation.program(client) is None:
        reason = installation.missing.get(client.agent, "its program is not in the package for this machine")
        print("not installed")
        return [f"skipped {client.agent}: {reason}"]
    problems = []
    with running_endpoint() as endpoint:
        trial = Trial(client, installation, endpoint, folder / client.agent)
        for name, check in CHECKS.items():
            reason = skip_reason(client, name)
            problem = "" if reason else check(trial)
            print(("–" if reason else "FAIL" if problem else "ok").ljust(WIDTH), end="", flush=True)
            if problem:
                problems.append(f"{client.agent}, {name}: {' '.join(problem.split())[:300]}")
        print(start_ms(trial))
    return problems


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

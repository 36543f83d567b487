"""`onward doctor`: what is wrong with the store of this machine and with its agents, and how to mend it."""

from __future__ import annotations

import click

from onward.agents.checkup import at_home, kept_for
from onward.app.doctor import Status, examine
from onward.cli.desk import as_json, own_settings
from onward.cli.present import paint, say, say_json
from onward.settings import read_machine
from onward.wiring import open_store

STYLE_OF: dict[Status, str] = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Say what is wrong, or soon will be, and how to mend it.

    Looks at the disk, the store, the search index, sessions left open, and transcripts that their agent is about to delete; and at the agents: whether Onward is at
    home there, when its hooks ran last, and what went wrong. Exit code 1 when something is broken.

    \b
    Example:
      onward doctor
    """
    settings, machine = own_settings(), read_machine()
    findings = [*examine(settings, open_store, kept_for(settings, machine)), *at_home(settings, machine)]
    if as_json:
        say_json(findings)
    else:
        for one in findings:
            say(f"{paint(f'{one.status:8}', STYLE_OF[one.status])} {one.check}: {one.message}")
            if one.hint:
                say(f"{'':8} {one.hint}")
    return int(any(one.status == "problem" for one in findings))

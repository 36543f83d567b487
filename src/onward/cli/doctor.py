"""`onward doctor`: checks the local store and the connected agents."""

from __future__ import annotations

from pathlib import Path

import click

from onward.adapters import open_store
from onward.agents import checkup
from onward.app.admin.doctor import Status
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import paint, say, say_json
from onward.settings import read_machine

STYLE_BY_STATUS: dict[Status, str] = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Check for problems and say how to fix them.

    Checks the disk, the store, the search index, open sessions, projects whose folder was moved, and transcripts that an agent will
    soon delete; and for each agent whether Onward is connected, when its hooks last ran, what failed, and whether it writes records that
    Onward does not know. Exit code 1 if there is a problem.

    \b
    Example:
      onward doctor
    """
    settings, machine = local_settings(), read_machine()
    findings = checkup.find_all(settings, machine, open_store, Path.cwd())
    if as_json:
        say_json(findings)
    else:
        for finding in findings:
            say(f"{paint(f'{finding.status:8}', STYLE_BY_STATUS[finding.status])} {finding.check}: {finding.message}")
            if finding.hint:
                say(f"{'':8} {finding.hint}")
    return int(any(finding.status == "problem" for finding in findings))

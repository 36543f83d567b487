"""`onward session`: start, complete and inspect sessions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from onward.cli.context import budget_option, json_option, project_option, use_backend, words_option
from onward.cli.handoff_output import FORMATS, OutputFormat, format_handoff
from onward.cli.presentation import note, paint, quantity, say, say_json, say_table
from onward.cli.session_changes import delete, move, number_argument, rename, say_deleted, session_data, undelete
from onward.core.session import Session, SessionStatus
from onward.core.text.printable import printable

if TYPE_CHECKING:
    from onward.app.repository.git import RepositoryChange
    from onward.cli.context import Backend
    from onward.core.edit_version import WordChoice
    from onward.core.handoff.document import Handoff
    from onward.core.handoff.versions import StoredHandoff
    from onward.core.project import Project
    from onward.core.session_results import SessionCompletion

account_option = click.option(
    "--account", "account", metavar="NAME", help="The account of the session; `best` selects the one that `onward account best` suggests."
)


@click.group()
def session() -> None:
    """Start, complete and inspect sessions.

    A session is one run with one agent. It starts with the handoff of the previous session.
    """


@session.command()
@project_option
@click.option("--objective", "objectives", multiple=True, metavar="TEXT", help="An objective of the session. Repeatable.")
@click.option("--template", metavar="NAME", help="A template; its objectives come first. See: onward template list")
@click.option("--agent", default="", metavar="NAME", help="The agent you use, such as claude-code or codex.")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="markdown",
    show_default=True,
    help="markdown to read, prompt to paste into an agent, json for programs.",
)
@click.option("--copy", is_flag=True, help="Also copy the handoff to the clipboard.")
@account_option
@json_option
def start(
    project: str | None,
    objectives: tuple[str, ...],
    template: str | None,
    agent: str,
    format: OutputFormat,
    copy: bool,
    account: str | None,
    as_json: bool,
) -> None:
    """Start a session: print the previous handoff and the changes in the repository since.

    When the session ends, import its transcript and complete it to create the next handoff.

    \b
    Examples:
      onward session start --objective "Fix the checkout"
      onward session start --format prompt --copy
      onward session start --account best
    """
    # Imported here and below: a list of sessions would wait for what it does not need.
    from onward.cli.account import choose_account, suggest_account

    with use_backend(project=project) as backend:
        current_project = backend.require_project()
        chosen_account = choose_account(backend, account) if account else None
        chosen_template = backend.templates.require(template) if template else None
        all_objectives = chosen_template.merge_objectives(objectives) if chosen_template else objectives
        outcome = backend.sessions.start(
            current_project,
            agent=agent,
            objectives=all_objectives,
            template=chosen_template,
            account_id=chosen_account.id if chosen_account else None,
        )
        suggestion = "" if account else suggest_account(backend)
        handoff, change = _with_changes(backend, current_project, outcome.previous)
    session_start: dict[str, object] = {
        "session": session_data(outcome.session),
        "account": chosen_account.name if chosen_account else None,
        "previous_handoff_version": outcome.previous.version if outcome.previous else None,
        "changed_since": change,
    }
    session_name = f"session {outcome.session.number} of {current_project.name}"
    if not handoff or not outcome.previous:
        if as_json or format == "json":
            say_json(session_start)
        note(f"Started {session_name}. First session: no handoff yet.")
    else:
        next_goal, output_format = "; ".join(outcome.session.objectives), "json" if as_json else format
        text = format_handoff(handoff, outcome.previous.preservation, output_format, next_goal=next_goal, extra=session_start)
        sys.stdout.write(text)
        sys.stdout.flush()
        copy_note = f" (copied with {_copy(text)})" if copy else ""
        note(f"Started {session_name} from handoff {outcome.previous.version}{copy_note}.")
    if account_note := f"Account: {chosen_account.name}." if chosen_account else suggestion:
        note(account_note)
    for item in outcome.session.open_items:
        note(f"Checklist: {item}")
    note(f"When the session ends: onward import TRANSCRIPT --project {current_project.name} --complete")


def _with_changes(backend: Backend, project: Project, previous: StoredHandoff | None) -> tuple[Handoff | None, RepositoryChange | None]:
    """Return the previous handoff with what changed in the repository since, and that change."""
    from onward.app.handoffs.brief import with_changes_since

    if previous is None:
        return None, None
    ended_at = backend.sessions.require(project, previous.session_number).ended_at
    return with_changes_since(project, previous, ended_at, Path.cwd())


def _copy(text: str) -> str:
    from onward.cli.clipboard import copy_text

    return copy_text(text)


@session.command()
@click.argument("number", type=click.IntRange(min=1), required=False)
@project_option
@click.option(
    "--accomplishment",
    "accomplishments",
    multiple=True,
    metavar="TEXT",
    help="What the session accomplished. Repeatable.",
)
@click.option("--blocker", "blockers", multiple=True, metavar="TEXT", help="A blocker. Repeatable.")
@click.option("--credits", "credits_used", type=click.FloatRange(min=0), metavar="N", help="Credits that the session used.")
@words_option
@account_option
@budget_option
@click.option("--refine", is_flag=True, help="Then improve the handoff with a language model. See: onward handoff refine --help")
@json_option
def complete(
    number: int | None,
    project: str | None,
    accomplishments: tuple[str, ...],
    blockers: tuple[str, ...],
    credits_used: float | None,
    words: WordChoice | None,
    account: str | None,
    budget_tokens: int | None,
    refine: bool,
    as_json: bool,
) -> None:
    """Complete a session and create the project's next handoff.

    New turns from your agent are imported first, if its transcripts are on this machine. Without NUMBER: the active session started last.
    Completing a session again after changes creates a new version of the handoff. If it was completed with other statements, choose
    --add or --replace: nothing is overwritten without asking.

    \b
    Examples:
      onward session complete
      onward session complete 3 --accomplishment "Checkout works on staging" --blocker "Production keys" --credits 88
      onward session complete --refine
    """
    from onward.cli.account import choose_account
    from onward.cli.local_agents import local_agents, note_import_errors
    from onward.cli.writer_output import outcome_data, say_outcome, try_write

    with use_backend(project=project, budget_tokens=budget_tokens) as backend:
        completion = backend.sessions.complete(
            lambda: backend.sessions.require(backend.require_project(), number),
            local_agents=local_agents(backend),
            account=choose_account(backend, account) if account else None,
            accomplishments=accomplishments or None,
            blockers=blockers or None,
            credits_used=credits_used,
            budget_tokens=backend.settings.budget_tokens,
            words=words,
        )
        current_project = backend.require_project()
        refinement = try_write(backend, current_project) if refine else None
    note_import_errors(completion.files)
    if as_json:
        extra = {"refinement": outcome_data(refinement)} if refinement else {}
        say_json({**_completion_data(completion), **extra})
        return
    session_name = f"session {completion.session.number} of {current_project.name}"
    if completion.is_unchanged:
        say(f"No changes: {session_name} is already complete, handoff {completion.handoff.version}.")
    else:
        turns_note = f" with {quantity(completion.new_turns, 'new turn')}" if completion.new_turns else ""
        say(f"Completed {session_name}{turns_note}: handoff {completion.handoff.version}.")
    say(completion.handoff.preservation.line())
    for item in completion.session.open_items:
        note(f"Open checklist item: {item}")
    if refinement:
        say_outcome(refinement, current_project)
    note(f"To view it: onward handoff --project {current_project.name}")


def _completion_data(completion: SessionCompletion) -> dict[str, object]:
    new_handoff = completion.handoff
    return {
        "session": session_data(completion.session),
        "handoff": {
            "version": new_handoff.version,
            "budget_tokens": new_handoff.budget_tokens,
            "preservation": new_handoff.preservation.to_json(),
        },
        "is_unchanged": completion.is_unchanged,
        "new_turns": completion.new_turns,
    }


@session.command("list")
@project_option
@click.option("--status", type=click.Choice(get_args(SessionStatus)), help="Only sessions with this status.")
@click.option("--all", "with_empty", is_flag=True, help="Include empty sessions.")
@click.option("--deleted", "is_deleted", is_flag=True, help="List deleted sessions that can be restored.")
@json_option
def list_(project: str | None, status: SessionStatus | None, with_empty: bool, is_deleted: bool, as_json: bool) -> None:
    """List a project's sessions.

    \b
    Examples:
      onward session list --status in_progress
      onward session list --deleted
    """
    with use_backend(project=project) as backend:
        current_project = backend.require_project()
        if is_deleted:
            say_deleted(backend.sessions.list_deleted(current_project), as_json=as_json)
            return
        sessions = list(backend.sessions.list_sessions(current_project, with_empty=with_empty, status=status))
    if as_json:
        say_json([session_data(session) for session in sessions])
    elif not sessions:
        kind = f"{status} " if status else ""
        say(f"No {kind}sessions in {current_project.name}. Start one: onward session start --project {current_project.name}")
    else:
        say_table(["session", "status", "agent", "started", "turns", "title"], [_session_row(session) for session in sessions])


@session.command()
@number_argument
@project_option
@json_option
def show(number: int, project: str | None, as_json: bool) -> None:
    """Show one session.

    \b
    Example:
      onward session show 3
    """
    from onward.cli.account_output import say_usage, usage_data

    with use_backend(project=project) as backend:
        detail = backend.sessions.show(backend.sessions.require(backend.require_project(), number))
        shown_session = detail.session
        usages, account = backend.accounts.usage(shown_session), backend.accounts.find_session_account(shown_session)
    previous_version, new_version = (version.version if version else None for version in (detail.previous, detail.handoff))
    if as_json:
        extra = {"account": account.name if account else None, "usage": [usage_data(usage) for usage in usages]}
        say_json({**session_data(shown_session), "previous_handoff_version": previous_version, "handoff_version": new_version, **extra})
        return
    say(paint(f"Session {shown_session.number}: {shown_session.title or shown_session.agent or 'no transcript yet'}", "bold"))
    details = {
        "status": shown_session.status,
        "agent": shown_session.agent,
        "id": shown_session.native_id,
        "started": shown_session.started_at,
        "ended": shown_session.ended_at,
        "template": shown_session.template,
        "folder": shown_session.cwd,
        "branch": shown_session.branch,
        "transcript": shown_session.source,
        "stored": f"{quantity(shown_session.turns, 'turn')}, about {shown_session.tokens:,} tokens",
        "account": account.name if account else None,
        "credits": shown_session.credits_used,
        "started from": f"handoff {previous_version}" if previous_version else None,
        "produced": f"handoff {new_version}" if new_version else None,
    }
    for key, value in details.items():
        if value:
            say(f"  {key}: {value}")
    for title, lines in (
        ("objectives", shown_session.objectives),
        ("accomplishments", shown_session.accomplishments),
        ("blockers", shown_session.blockers),
    ):
        for line in lines:
            say(f"  {title.removesuffix('s')}: {line}")
    for position, item in enumerate(shown_session.checklist, 1):
        say(f"  [{'x' if item.is_done else ' '}] {position}. {printable(item.text)}")
    say_usage(usages)


@session.command()
@number_argument
@project_option
@click.option("--from", "first", type=click.IntRange(min=1), default=1, metavar="N", help="The first turn to show.")
@click.option("--to", "last", type=click.IntRange(min=1), metavar="N", help="The last turn to show.")
@json_option
def replay(number: int, project: str | None, first: int, last: int | None, as_json: bool) -> None:
    """Print a session turn by turn.

    \b
    Examples:
      onward session replay 3 | less
      onward session replay 3 --from 40 --to 44
    """
    from onward.app.turns.markdown import markdown
    from onward.cli.turns_jsonl import json_line

    with use_backend(project=project) as backend:
        shown_session = backend.sessions.require(backend.require_project(), number)
        for stored_turn in backend.sessions.replay(shown_session, first=first, last=last):
            if as_json:
                say(json_line(stored_turn.turn, stored_turn.ordinal))
            else:
                sys.stdout.write(
                    ("*On an abandoned branch:*\n\n" if stored_turn.abandoned else "") + markdown(stored_turn.turn, stored_turn.ordinal)
                )


@session.command()
@number_argument
@click.argument("item", type=click.IntRange(min=1))
@project_option
@click.option("--undo", is_flag=True, help="Untick the item.")
@json_option
def tick(number: int, item: int, project: str | None, undo: bool, as_json: bool) -> None:
    """Tick item number ITEM of a session's checklist. `session show` lists the items.

    \b
    Example:
      onward session tick 3 1
    """
    with use_backend(project=project) as backend:
        ticked_session = backend.sessions.tick(backend.sessions.require(backend.require_project(), number), item, is_done=not undo)
    undone_note = (
        f"{quantity(len(ticked_session.open_items), 'open checklist item')}: {'; '.join(ticked_session.open_items)}"
        if ticked_session.open_items
        else "the checklist is complete"
    )
    _say_result(ticked_session, f"Session {ticked_session.number}: {undone_note}.", as_json=as_json)


for command in (rename, delete, undelete, move):
    session.add_command(command)


@session.command()
@number_argument
@project_option
@json_option
def reopen(number: int, project: str | None, as_json: bool) -> None:
    """Reopen a session. Its handoff stays until the session is completed again.

    \b
    Example:
      onward session reopen 3
    """
    with use_backend(project=project) as backend:
        reopened_session = backend.sessions.reopen(backend.sessions.require(backend.require_project(), number))
    _say_result(reopened_session, f"Reopened session {reopened_session.number}.", as_json=as_json)


@session.command()
@number_argument
@project_option
@json_option
def abandon(number: int, project: str | None, as_json: bool) -> None:
    """Abandon a session: close it without a handoff. Its turns stay searchable.

    \b
    Example:
      onward session abandon 3
    """
    with use_backend(project=project) as backend:
        abandoned_session = backend.sessions.abandon(backend.sessions.require(backend.require_project(), number))
    _say_result(
        abandoned_session,
        f"Abandoned session {abandoned_session.number}. To complete it instead: onward session complete {abandoned_session.number}",
        as_json=as_json,
    )


def _say_result(session: Session, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(session_data(session))
    else:
        say(sentence)


def _session_row(session: Session) -> list[object]:
    return [
        session.number,
        session.status,
        session.agent or "-",
        session.dated_at.strftime("%Y-%m-%d %H:%M") if session.dated_at else "-",
        f"{session.turns:,}",
        session.title or "; ".join(session.objectives),
    ]

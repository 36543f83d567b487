"""`onward project export` and `onward project import`: project archives, and pages to share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onward.cli.context import json_option, use_backend
from onward.cli.presentation import ProgressBar, quantity, say, say_json
from onward.core.archive_result import ExportedArchive, ImportedArchive
from onward.errors import BadInput
from onward.message import Message

if TYPE_CHECKING:
    from onward.backend import Backend
    from onward.core.project import Project


@click.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--training", is_flag=True, help="Also include the sessions as chats for training (JSON Lines).")
@click.option("--html", "as_html", is_flag=True, help="Export one HTML page instead: the handoff, or with --session a conversation.")
@click.option("--session", "session_number", type=click.IntRange(min=1), metavar="N", help="With --html: the conversation of session N.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@json_option
def export(name: str, file: Path | None, training: bool, as_html: bool, session_number: int | None, force: bool, as_json: bool) -> None:
    """Export a project to one archive file, or its handoff or a session to one HTML page.

    FILE is a zip file (default: NAME.onward.zip) with sessions, turns, facts, corrections and handoffs as JSON, handoffs and
    transcripts as Markdown, and checksums. It contains the project's redaction key: share it only with people who may see the project.

    With --html, FILE is one page that needs nothing else, without scripts, and redacted again. Read it before you share it.

    \b
    Examples:
      onward project export kopi-shop
      onward project export kopi-shop ~/kopi.zip --training
      onward project export kopi-shop --html
      onward project export kopi-shop session.html --html --session 3
    """
    if session_number and not as_html:
        raise BadInput("--session works with --html only.", "Add --html, or leave out --session to export the whole project.")
    if as_html and training:
        raise BadInput("A page has no training data.", "Leave out --html or --training.")
    with use_backend(project=name) as backend, ProgressBar("exporting") as progress:
        current_project = backend.require_project()
        if as_html:
            page = _export_page(backend, current_project, file, session_number, force=force)
            if as_json:
                say_json({"project": current_project.name, "file": str(page), "size_bytes": page.stat().st_size})
            else:
                say(f"Exported {page}: one page, {page.stat().st_size / 1e3:,.0f} kB. Read it before you share it.")
            return
        target = _new_file(file or Path(f"{current_project.name.replace('/', '-')}.onward.zip"), force=force)
        archive = backend.archives.export(current_project, target, training=training, on_progress=progress.update)
    if as_json:
        say_json({"project": current_project.name, "file": str(archive.path), "size_bytes": archive.size_bytes, **_count_data(archive)})
        return
    say(f"Exported {current_project.name} to {archive.path}: {_contents_text(archive)}, {archive.size_bytes / 1e6:.1f} MB.")


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", default="", metavar="NAME", help="Name of the imported project. Default: the name in the archive.")
@json_option
def import_(file: Path, name: str, as_json: bool) -> None:
    """Import an exported project, completely or not at all.

    Handoffs are identical to the exported ones. Importing again changes nothing. A damaged or modified archive is refused.

    \b
    Example:
      onward project import kopi-shop.onward.zip
    """
    with use_backend() as backend, ProgressBar("importing") as progress:
        arrival = backend.archives.import_archive(file, name=name, on_progress=progress.update)
    if as_json:
        say_json(
            {
                "project": arrival.project.name,
                "project_id": arrival.project.id,
                "is_unchanged": arrival.is_unchanged,
                **_count_data(arrival),
            }
        )
    else:
        say(
            f"No changes: {arrival.project.name} is already complete."
            if arrival.is_unchanged
            else f"Imported {arrival.project.name}: {_contents_text(arrival)}."
        )


def _new_file(target: Path, *, force: bool) -> Path:
    if target.exists() and not force:
        raise BadInput(Message("{file} already exists.", file=target), "Add --force to overwrite it, or name another file.")
    return target


def _export_page(backend: Backend, project: Project, file: Path | None, session_number: int | None, *, force: bool) -> Path:
    """Write the page of the handoff, or of session *session_number*, and return its path."""
    from onward.app.archives.writer import atomic_write
    from onward.redact import DISTILL_KEY, Redactor
    from onward.web.exported_page import exported_page

    subject = f"session {session_number}" if session_number else "handoff"
    target = _new_file(file or Path(f"{project.name.replace('/', '-')}-{subject.replace(' ', '-')}.html"), force=force)
    parts = _session_parts(backend, project, session_number) if session_number else _handoff_parts(backend, project)
    with atomic_write(target) as part, part.open("w", encoding="utf-8") as stream:
        stream.writelines(exported_page(f"{project.name}: {subject}", parts, Redactor(project.key or DISTILL_KEY)))
    return target


def _handoff_parts(backend: Backend, project: Project) -> Iterator[str]:
    from onward.core.handoff.document import render

    yield render(backend.handoffs.current_handoff(project).handoff)


def _session_parts(backend: Backend, project: Project, number: int) -> Iterator[str]:
    from onward.app.turns.markdown import markdown

    session = backend.sessions.require(project, number)
    yield markdown(session.head(), 0)
    for stored_turn in backend.sessions.replay(session):
        note = "*On an abandoned branch:*\n\n" if stored_turn.abandoned else ""
        yield note + markdown(stored_turn.turn, stored_turn.ordinal)


def _count_data(archive: ExportedArchive | ImportedArchive) -> dict[str, int]:
    return {"sessions": archive.sessions, "turns": archive.turns, "handoffs": archive.handoffs}


def _contents_text(archive: ExportedArchive | ImportedArchive) -> str:
    return f"{quantity(archive.sessions, 'session')}, {quantity(archive.turns, 'turn')}, {quantity(archive.handoffs, 'handoff')}"

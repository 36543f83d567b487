"""Importing transcripts: files that are sent, or a folder of this machine."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from starlette.datastructures import UploadFile

from onward.api.access import is_here
from onward.api.desk import At, Desk
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.routes.handoffs import MOST_BUDGET_TOKENS
from onward.api.routes.jobs import LATER, accepted
from onward.api.routes.sessions import SessionShape, session_shape
from onward.api.shapes import MOST_ID, Id
from onward.app import imports, job_kinds, jobs, projects
from onward.app.belonging import Belonging
from onward.app.imports import ImportedPath
from onward.core.imported import Imported, ImportedFile, ImportedSession
from onward.errors import BadInput, NotAllowed, NotFound
from onward.settings import LEAST_BUDGET_TOKENS

router = routes("imports")

MOST_FILES = 1000
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImportedSessionShape:
    """What became of one session of a file. `handoff_version` is of the handoff that completing it made, null where it was not completed."""

    session_id: int
    session_number: int
    project_id: int
    session: SessionShape
    new_turns: int
    known_turns: int
    handoff_version: int | None


@dataclass(frozen=True, slots=True)
class MalformedShape:
    """A record that could not be read."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class ImportedFileShape:
    """What became of every record of one file: kept, skipped by reason, malformed by line (the first hundred). `error` says why it was not read to its end."""

    path: str
    format: str
    records: int
    kept: int
    turns: int
    session_count: int
    truncated: int
    skipped: dict[str, int]
    malformed: list[MalformedShape]
    malformed_count: int
    sessions: list[ImportedSessionShape]
    error: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class ImportedShape:
    """What became of every file, in the order of import. `passed_over` are files of a folder that are no transcripts."""

    files: list[ImportedFileShape]
    passed_over: list[str]


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an import is to do."""

    project_id: int | None
    complete: bool
    name: str
    budget_tokens: int | None = None


_PLACES: dict[str, Any] = {
    "type": "string",
    "contentMediaType": "application/json",
    "description": "What sessions belong to, by the `cwd` and the `remote` that their transcript names: a list of "
    "`{cwd, remote, named, root, address}`. A machine can look at its own folders only, so it looks before it sends.",
    "example": '[{"cwd": "/home/me/shop", "remote": "", "named": "", "root": "/home/me/shop", "address": "github.com/kopi/shop"}]',
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "description": "Any number of files as a form, or one transcript as it is.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}, "places": _PLACES},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {}},
            "text/plain": {"schema": {"type": "string"}, "example": "User: Move the checkout to port 8443\nAssistant: Done."},
        },
    }
}


@dataclass(frozen=True, slots=True)
class ImportedPathShape:
    """A file as it was imported last."""

    path: str
    format: str
    records: int
    kept: int
    turns: int
    malformed_count: int
    imported_at: datetime


@router.get("/projects/{project_id}/imports", summary="List the files that were imported", **pages(ImportedPathShape, NotFound))
def listed(at: At, project_id: Id, page: Paging) -> Response:
    """Answer the files that a project's turns came from, by path."""
    found = imports.of_project(at.store, projects.of_id(at.store, project_id), after=page.last(str), limit=page.limit + 1)
    return page.answer(found, shape=_path_shape, last=lambda one: (one.path,))


def _path_shape(one: ImportedPath) -> ImportedPathShape:
    told = one.report
    return ImportedPathShape(one.path, told.format, told.records, told.kept, told.turns, told.malformed_count, one.imported_at)


@router.post("/imports", summary="Import transcripts", openapi_extra=_BODY, **answers(ImportedShape, NotFound, NotAllowed, beside=LATER))
async def import_(
    request: Request,
    at: At,
    project_id: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Where all goes; else each session to its own project.")] = None,
    complete: Annotated[bool, Query(description="Complete each session before the next is imported.")] = False,
    name: Annotated[str, Query(max_length=4000, description="What a transcript that is sent alone should be called.")] = "",
    path: Annotated[
        str, Query(max_length=4000, description="A file or folder of this machine, for a caller on it; nothing is sent then.")
    ] = "",
    budget_tokens: Annotated[
        int | None, Query(ge=LEAST_BUDGET_TOKENS, le=MOST_BUDGET_TOKENS, description="Most tokens that the handoffs it makes may take.")
    ] = None,
    in_background: Annotated[bool, Query(description="Answer a job at once, and do it later.")] = False,
) -> Response:
    """Import transcripts of any format, told from what they hold. Answers what became of each; importing again keeps only what is new."""
    wish = _Wish(project_id, complete, name.replace("\0", ""), budget_tokens)
    if path:
        if not is_here(request.scope):
            raise NotAllowed("Only a caller on this machine may name a folder of it.", "Send the files themselves.")
        importing = _import_path_later if in_background else _import_path
        return await run_sync(importing, at, wish, Path(path.replace("\0", "")))
    if in_background:
        return await _import_uploads_later(at, request, wish)
    with tempfile.TemporaryDirectory(prefix="onward-") as folder:
        sent = await _sent(request, Path(folder), wish.name)
        return await run_sync(_import_uploads, at, wish, sent)


async def _import_uploads_later(at: Desk, request: Request, wish: _Wish) -> Response:
    """Keep what is sent in the home folder, where the job finds it, and removes it."""
    folder = job_kinds.new_upload(at.settings.home)
    try:
        sent = await _sent(request, folder, wish.name)
        return await run_sync(_uploads_asked, at, wish, folder, sent.files)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _uploads_asked(at: Desk, wish: _Wish, folder: Path, uploads: list[tuple[str, Path]]) -> Response:
    if not uploads:
        raise _nothing_sent()
    return _asked(at, wish, {"uploads": [(name, str(path)) for name, path in uploads], "upload": str(folder), "complete": wish.complete})


def _import_path_later(at: Desk, wish: _Wish, path: Path) -> Response:
    return _asked(at, wish, {"paths": [str(_there(path))], "complete": wish.complete})


def _asked(at: Desk, wish: _Wish, arguments: dict[str, Any]) -> Response:
    project = projects.of_id(at.store, wish.project_id) if wish.project_id else None
    return accepted(jobs.ask(at.store, "import", arguments, project=project, requested_by="api"))


def _there(path: Path) -> Path:
    if not path.is_absolute() or not path.exists():
        raise BadInput(f"{path} is not there.", "Name a file or a folder by its whole path.")
    return path


def _nothing_sent() -> BadInput:
    return BadInput("Nothing was sent.", "Send files as a form, or one transcript as the body.")


def _import_path(at: Desk, wish: _Wish, path: Path) -> Response:
    project = projects.of_id(at.store, wish.project_id) if wish.project_id else None
    done = imports.import_paths(
        at.store,
        [_there(path)],
        project=project,
        complete=wish.complete,
        budget_tokens=at.settings.budget_tokens,
        worktrees=at.settings.worktrees,
    )
    return ok(_shape(done))


def _import_uploads(at: Desk, wish: _Wish, sent: _Sent) -> Response:
    if not sent.files:
        raise _nothing_sent()
    project = projects.of_id(at.store, wish.project_id) if wish.project_id else None
    done = imports.import_uploads(
        at.store,
        sent.files,
        project=project,
        complete=wish.complete,
        budget_tokens=wish.budget_tokens or at.settings.budget_tokens,
        worktrees=at.settings.worktrees,
        elsewhere=sent.places,
    )
    return ok(_shape(done))


@dataclass(slots=True)
class _Sent:
    """What a request holds: files by the name they had, each written to a place of ours; and what the sessions in them belong to (`Destination.elsewhere`)."""

    files: list[tuple[str, Path]] = field(default_factory=list[tuple[str, Path]])
    places: dict[tuple[str, str], Belonging] = field(default_factory=dict[tuple[str, str], Belonging])


async def _sent(request: Request, folder: Path, name: str) -> _Sent:
    """Return what is sent, each file written to *folder* under a name of ours; one that comes alone is called *name*, where that is given."""
    sent = _Sent()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        place = folder / "0"
        with place.open("wb") as file:
            async for piece in request.stream():
                file.write(piece)
        if place.stat().st_size:
            sent.files.append((name or "upload", place))
        return sent
    async with request.form(max_files=MOST_FILES) as form:
        for number, (field_name, value) in enumerate(form.multi_items()):
            if isinstance(value, UploadFile):
                place = folder / str(number)
                with place.open("wb") as file:
                    while piece := await value.read(_PIECE_BYTES):
                        file.write(piece)
                sent.files.append(((value.filename or "upload").replace("\0", ""), place))
            elif field_name == "places":
                sent.places = _places(value)
    if name and len(sent.files) == 1:
        sent.files = [(name, sent.files[0][1])]
    return sent


def _places(text: str) -> dict[tuple[str, str], Belonging]:
    """Return what sessions belong to, by what their transcripts say."""
    try:
        told = orjson.loads(text)
        return {
            (str(one["cwd"]), str(one["remote"])): Belonging(str(one["named"]), str(one["root"]), str(one["address"]), str(one["cwd"]))
            for one in told
        }
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput("`places` is no list of places.", "Send it as /docs shows, or leave it out.") from error


def _shape(done: Imported) -> ImportedShape:
    return ImportedShape([_file_shape(one) for one in done.files], done.passed_over)


def _file_shape(one: ImportedFile) -> ImportedFileShape:
    told = asdict(one.report)
    return ImportedFileShape(
        one.path, told["format"], told["records"], told["kept"], told["turns"], told["sessions"], told["truncated"], told["skipped"],
        [MalformedShape(line, problem) for line, problem in told["malformed"]], told["malformed_count"],
        [_session_shape(session) for session in one.sessions],
        {"code": one.error.code, "message": one.error.message, "hint": one.error.hint} if one.error else None,
    )  # fmt: skip


def _session_shape(one: ImportedSession) -> ImportedSessionShape:
    session = one.session
    return ImportedSessionShape(
        session.id, session.number, session.project_id, session_shape(session), one.new_turns, one.known_turns, one.version
    )

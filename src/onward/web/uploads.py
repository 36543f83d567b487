"""Conversations sent by a form: pasted, as files, or both. They are stored in the home folder until a job has read them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile

from onward.app.jobs import kinds
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.errors import BadInput
from onward.private_files import create_file
from onward.web.language import _
from onward.web.messages import translate_error
from onward.web.page_request import PageRequest

if TYPE_CHECKING:
    from onward.app.jobs.kinds import ImportFile

PASTED_NAME = "pasted"
MAX_FILES = 1000
_CHUNK_BYTES = 1024 * 1024


@dataclass(slots=True)
class Submission:
    """A submitted form: its fields, and files as (original name, path). `is_taken` says that a job now owns the files."""

    folder: Path
    fields: dict[str, str] = field(default_factory=dict[str, str])
    files: list[ImportFile] = field(default_factory=list["ImportFile"])
    is_taken: bool = False

    def __getitem__(self, name: str) -> str:
        """Return a field without surrounding blanks; empty if it was not sent."""
        return self.fields.get(name, "").strip()

    def job_arguments(self) -> dict[str, Any]:
        """Return the job arguments that name the stored files."""
        return {"uploads": self.files, "upload": str(self.folder)} if self.files else {}


@asynccontextmanager
async def receive_form(request: PageRequest) -> AsyncIterator[Submission]:
    """Store the files of a form until a job owns them, or delete them at the end. Text of the field `text` is stored as a file, too."""
    submission = Submission(kinds.create_upload_folder(request.settings.home))
    try:
        async with request.http.form(max_files=MAX_FILES, max_part_size=request.settings.body_limit_mb * 2**20) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    if value.filename:
                        await _save_file(submission, value)
                else:
                    submission.fields[name] = value
        if submission["text"]:
            path = submission.folder / PASTED_NAME
            create_file(path)
            path.write_text(submission.fields["text"], encoding="utf-8")
            submission.files.append((PASTED_NAME, str(path)))
        yield submission
    finally:
        if not (submission.is_taken and submission.files):
            shutil.rmtree(submission.folder, ignore_errors=True)


def resolve_project(request: PageRequest, submission: Submission) -> tuple[Project | None, dict[str, str]]:
    """Return the project of a submission, created if it is new; else the errors, by field."""
    errors = {}
    if not submission.files:
        errors["text"] = _("Paste a conversation or choose files.")
    if not submission["project"]:
        errors["project"] = _("Required.")
    if errors:
        return None, errors
    try:
        return projects.resolve(request.store, submission["project"], create=True), {}
    except BadInput as error:
        return None, {"project": translate_error(error)}


async def _save_file(submission: Submission, upload: UploadFile) -> None:
    path = submission.folder / str(len(submission.files))
    create_file(path)
    with path.open("wb") as file:
        while chunk := await upload.read(_CHUNK_BYTES):
            file.write(chunk)
    submission.files.append(((upload.filename or "").replace("\0", ""), str(path)))

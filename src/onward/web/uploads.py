"""A conversation that a form sends: pasted, as files, or both. It is kept in the home folder, where a job finds it and removes it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.datastructures import UploadFile

from onward.app import job_kinds
from onward.web.visit import Visit

if TYPE_CHECKING:
    from onward.app.job_kinds import File

MOST_FILES = 1000
_PIECE_BYTES = 1024 * 1024


@dataclass(slots=True)
class Sent:
    """What a form sent: its fields, and files as [the name each had, where it lies]."""

    folder: Path
    fields: dict[str, str] = field(default_factory=dict[str, str])
    files: list[File] = field(default_factory=list["File"])

    def __getitem__(self, name: str) -> str:
        """Return a field without what is blank around it; nothing where it was not sent."""
        return self.fields.get(name, "").strip()

    def drop(self) -> None:
        """Forget the files."""
        shutil.rmtree(self.folder, ignore_errors=True)


async def received(at: Visit, request: Request) -> Sent:
    """Keep what a form sends. What is pasted in the field `text` is a file, too."""
    sent = Sent(at.settings.home / job_kinds.UPLOADS / token_hex(16))
    sent.folder.mkdir(parents=True, mode=0o700)
    try:
        async with request.form(max_files=MOST_FILES, max_part_size=at.settings.body_limit_mb * 2**20) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    if value.filename:
                        await _keep(sent, value)
                else:
                    sent.fields[name] = value
        if sent["text"]:
            path = sent.folder / "pasted"
            path.write_text(sent.fields["text"], encoding="utf-8")
            sent.files.append(("pasted", str(path)))
    except BaseException:
        sent.drop()
        raise
    return sent


async def _keep(sent: Sent, upload: UploadFile) -> None:
    path = sent.folder / str(len(sent.files))
    with path.open("wb") as file:
        while piece := await upload.read(_PIECE_BYTES):
            file.write(piece)
    sent.files.append(((upload.filename or "").replace("\0", ""), str(path)))

"""Purging: removes a secret that no redaction rule recognised from everything that is stored."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from onward.app.jobs import jobs
from onward.app.jobs.kinds import EXPORTS, UPLOADS
from onward.errors import BadInput, Conflict
from onward.message import Message
from onward.store import Store, secret_removal
from onward.store.engine import FILE_NAME

MIN_CHARS = 6
"""A shorter secret would match too much other text."""


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """The result of a purge: the `mark` that replaces the secret, the changed rows by table, deleted uploads and exports, which may have
    contained it, and copies of the store that may still contain it.

    `is_rewritten` tells whether the database file was rewritten; until then, its free pages may contain the secret.
    """

    mark: str
    rows: dict[str, int]
    removed: list[Path]
    copies: list[Path]
    is_rewritten: bool


def count_rows(store: Store, secret: str) -> dict[str, int]:
    """Return the number of rows that contain *secret*, by table. Raises `BadInput` if it is too short."""
    with store.read() as connection:
        return secret_removal.purge(connection, _clean_secret(secret), "", is_dry_run=True)


def purge(store: Store, home: Path, secret: str) -> PurgeReport:
    """Replace *secret* by a mark everywhere in the store, and delete the files in *home* that may contain it.

    Raises `BadInput` if it is too short, and `Conflict` while jobs are open, because their files contain unredacted transcripts.
    """
    mark = f"[secret:purged:{token_hex(4)}]"
    if open_jobs := jobs.list_open(store):
        raise Conflict(
            Message("{count} jobs are running or queued, and their files may contain the secret.", count=len(open_jobs)),
            "Wait for them or cancel them, then run this again.",
        )
    with store.write() as connection:
        rows = secret_removal.purge(connection, _clean_secret(secret), mark)
    removed_paths = [path for folder in (UPLOADS, EXPORTS) if (home / folder).is_dir() for path in sorted((home / folder).iterdir())]
    for path in removed_paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    copies = [path for path in sorted(home.glob(f"{FILE_NAME}.*")) if path.is_file()]
    return PurgeReport(mark=mark, rows=rows, removed=removed_paths, copies=copies, is_rewritten=secret_removal.vacuum(store))


def _clean_secret(secret: str) -> str:
    secret = secret.strip()
    if len(secret) < MIN_CHARS:
        raise BadInput(
            Message("A secret of {count} characters is too short: it would match other text.", count=len(secret)),
            Message("Give the whole secret, at least {limit} characters.", limit=MIN_CHARS),
        )
    return secret

"""Purging: a secret that no rule knew, taken out of everything that is kept."""

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
"""A shorter secret stands in too much that is none."""


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What came of purging a secret: the `mark` in its place, the rows it stood in by table, files of ours that were removed because they may hold it (uploads and exports of jobs), and copies that may still.

    `is_rewritten` says whether the database was written anew; until it is, pages that are free may hold the secret.
    """

    mark: str
    rows: dict[str, int]
    removed: list[Path]
    copies: list[Path]
    is_rewritten: bool


def count_rows(store: Store, secret: str) -> dict[str, int]:
    """Return in how many rows of which tables *secret* stands. Raises `BadInput` for one that is too short."""
    with store.read() as connection:
        return secret_removal.purge(connection, _clean_secret(secret), "", is_dry_run=True)


def purge(store: Store, home: Path, secret: str) -> PurgeReport:
    """Take *secret* out of the store and out of the files in *home* that are ours, for good: a mark stands in its place, and everything else as it did.

    Raises `BadInput` for one that is too short, `Conflict` while jobs are under way: their files hold transcripts as they were sent.
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

"""Whether the agents on this machine write records that their readers have never seen: a newer client than the readers know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from onward.app.admin.doctor import Finding
from onward.app.transcripts.agent_folders import AgentFolder, iter_files
from onward.core.agents import agent_label
from onward.core.text.versions import is_newer, version_numbers
from onward.core.transcript.transcript import ImportReport
from onward.errors import OnwardError
from onward.formats import known_versions, open_source, read
from onward.formats.fields import UNKNOWN_TYPE
from onward.message import Message

_MAX_FILES, _MAX_BYTES = 2, 32 * 1024 * 1024
"""Per agent, the last changed files are read, if they are not larger: what a client writes now is in them."""
_MAX_KINDS = 5


class ClientRecord(NamedTuple):
    """The records in an agent's newest transcripts whose types its reader has never seen, by type; `version` is the newest client's, and
    `known_version` the newest that the reader was seen with, each empty if unknown.
    """

    agent: str
    counts: dict[str, int]
    version: str
    known_version: str


def check_clients(folders: Sequence[AgentFolder]) -> list[Finding]:
    """Return a warning for each agent whose newest transcripts in *folders* have records of unknown types."""
    return [_warning(unseen) for unseen in find_unseen(folders)]


def find_unseen(folders: Sequence[AgentFolder]) -> Iterator[ClientRecord]:
    """Yield the agents whose newest transcripts in *folders* have records of unknown types."""
    for agent, group in groupby(sorted(folders, key=lambda folder: folder.agent), key=lambda folder: folder.agent):
        counts: dict[str, int] = {}
        version, formats = "", set[str]()
        for path in _newest_files(list(group)):
            report = _read(path)
            version = report.client_version if is_newer(report.client_version, version) else version
            formats.add(report.format)
            for reason, count in report.skipped.items():
                if reason.startswith(UNKNOWN_TYPE):
                    kind = reason.removeprefix(UNKNOWN_TYPE).strip(": ")
                    counts[kind] = counts.get(kind, 0) + count
            for kind, count in report.unknown_parts.items():
                counts[kind] = counts.get(kind, 0) + count
        if counts:
            known = [known_version for name in formats for known_version in known_versions(name)]
            yield ClientRecord(agent, counts, version, max(known, key=version_numbers, default=""))


def _newest_files(folders: list[AgentFolder]) -> list[Path]:
    dated_files = []
    for _, path in iter_files(folders):
        try:
            state = path.stat()
        except OSError:
            continue
        if path.is_file() and state.st_size <= _MAX_BYTES:
            dated_files.append((state.st_mtime, path))
    return [path for _, path in sorted(dated_files, reverse=True)[:_MAX_FILES]]


def _read(path: Path) -> ImportReport:
    report = ImportReport()
    try:
        for _ in read(open_source(path), report):
            pass
    except OnwardError:
        # An import reports what cannot be read at all.
        pass
    return report


def _warning(unseen: ClientRecord) -> Finding:
    kinds = sorted(unseen.counts, key=lambda kind: -unseen.counts[kind])
    values = {
        "agent": agent_label(unseen.agent),
        "count": sum(unseen.counts.values()),
        "types": ", ".join(kinds[:_MAX_KINDS]),
    }
    is_newer_client = bool(unseen.version and unseen.known_version) and is_newer(unseen.version, unseen.known_version)
    message = (
        Message(
            "{agent} {version} writes records of types that this version of Onward has never seen ({count} in its newest transcripts: "
            "{types}); it is known up to {known_version}",
            **values,
            version=unseen.version,
            known_version=unseen.known_version,
        )
        if is_newer_client
        else Message(
            "the newest transcripts of {agent} have records of types that this version of Onward has never seen ({count}: {types})",
            **values,
        )
    )
    return Finding(
        Message("{agent} records", agent=agent_label(unseen.agent)),
        "warning",
        message,
        "They are left out of handoffs. Update Onward, or look at a file: onward read FILE",
    )

"""The project of a file of Gemini CLI, which is below `tmp/<name>` where the name identifies the project's folder."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from onward.formats.fields import as_object, as_text
from onward.formats.source import read_object_file


def find_project(file: Path | None) -> str:
    """Return the folder of the project: named by a file beside the sessions, or by the list of projects, in which a name is given to each
    folder; in older versions it is the digest of a folder that the person trusts. Empty if nothing tells it.
    """
    place = next((parent for parent in file.absolute().parents if parent.parent.name == "tmp"), None) if file is not None else None
    if place is None or not place.is_dir():
        return ""
    try:
        return (place / ".project_root").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        folders = _known_folders(place.parents[1])
        return next((folder for folder, name in folders if place.name in {name, sha256(folder.encode()).hexdigest()}), "")


def _known_folders(home: Path) -> Iterator[tuple[str, str]]:
    """Yield the folders that Gemini CLI knows, each with the name that it gave it."""
    projects = as_object(read_object_file(home / "projects.json").get("projects"))
    yield from ((folder, as_text(name)) for folder, name in projects.items())
    yield from ((folder, "") for folder in read_object_file(home / "trustedFolders.json"))

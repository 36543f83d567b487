"""Project files: what sessions touched, each session its own row for each file; and the errors that sessions met."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from onward.core.entry import MetBefore
from onward.core.growth_report import OftenMet, OftenTouched
from onward.core.rework import Met
from onward.core.tools import ChangeKind
from onward.core.touched import FileTouch, ProjectFile, Touched
from onward.store.schema import met_errors, projects, sessions, touched_files
from onward.store.wording import keepable

_MOST_PARAMETERS = 500
MOST_SESSIONS = 20
"""Sessions that are told of one file; all of them are counted."""


def keep(connection: Connection, session_id: int, files: Sequence[Touched], errors: Sequence[Met]) -> None:
    """Keep what a session touched and the errors that it met, instead of what was kept of it before."""
    for table in (touched_files, met_errors):
        connection.execute(delete(table).where(table.c.session_id == session_id))
    if files:
        connection.execute(
            insert(touched_files), [{**one._asdict(), "path": keepable(one.path), "session_id": session_id} for one in _once(files)]
        )
    if errors:
        connection.execute(insert(met_errors), [{**one._asdict(), "text": keepable(one.text), "session_id": session_id} for one in errors])


def _once(files: Iterable[Touched]) -> Iterable[Touched]:
    return {keepable(one.path): one for one in files}.values()


def listed(
    connection: Connection,
    project_id: int,
    *,
    session: int | None = None,
    text: str = "",
    after: str | None = None,
    limit: int | None = None,
) -> list[ProjectFile]:
    """Return the files of a project by path, from after one path on: those that one session touched, or whose path holds *text*."""
    of_project = touched_files.join(sessions)
    query = select(touched_files.c.path).select_from(of_project).where(sessions.c.project_id == project_id).distinct()
    if session is not None:
        query = query.where(sessions.c.number == session)
    if text:
        query = query.where(touched_files.c.path.contains(text, autoescape=True))
    if after is not None:
        query = query.where(touched_files.c.path > after)
    wanted = list(connection.execute(query.order_by(touched_files.c.path).limit(limit)).scalars())
    return _gathered(connection, project_id, wanted)


def _gathered(connection: Connection, project_id: int, wanted: Sequence[str]) -> list[ProjectFile]:
    columns = [touched_files.c[name] for name in ("change", "added_lines", "removed_lines", "times", "first_turn", "last_turn")]
    count = func.count().over(partition_by=touched_files.c.path)
    place = func.row_number().over(partition_by=touched_files.c.path, order_by=sessions.c.number)
    sums = [func.sum(touched_files.c[name]).over(partition_by=touched_files.c.path) for name in ("added_lines", "removed_lines")]
    query = (
        select(touched_files.c.path, sessions.c.number, *columns, place.label("place"), count.label("among"), sums[0].label("added"), sums[1].label("removed"))
        .join(sessions)
        .where(sessions.c.project_id == project_id)
    )  # fmt: skip
    found: dict[str, ProjectFile] = {}
    for start in range(0, len(wanted), _MOST_PARAMETERS):
        all_of = query.where(touched_files.c.path.in_(wanted[start : start + _MOST_PARAMETERS])).subquery()
        shown = (all_of.c.place == 1) | (all_of.c.place > all_of.c.among - MOST_SESSIONS)
        for row in connection.execute(select(all_of).where(shown).order_by(all_of.c.path, all_of.c.place)):
            touch = FileTouch(row.number, row.change, row.added_lines, row.removed_lines, row.times, row.first_turn, row.last_turn)
            before = found.get(row.path)
            stays = before is not None and before.change == "created" and row.change == "edited"
            touches = [*(before.sessions if before else ()), touch][-MOST_SESSIONS:]
            change: ChangeKind = "created" if stays else row.change
            found[row.path] = ProjectFile(row.path, change, _whole(row.added), _whole(row.removed), row.among, touches)
    return [found[path] for path in wanted if path in found]


def _whole(lines: int | None) -> int | None:
    return None if lines is None else int(lines)


def most_touched(connection: Connection, project_id: int | None, limit: int) -> list[OftenTouched]:
    """Return the files that most sessions touched, at least two."""
    count = func.count()
    query = (
        select(projects.c.name, touched_files.c.path, count, func.sum(touched_files.c.times), func.max(sessions.c.number))
        .select_from(touched_files.join(sessions).join(projects, projects.c.id == sessions.c.project_id))
        .group_by(sessions.c.project_id, projects.c.name, touched_files.c.path)
        .having(count > 1)
        .order_by(count.desc(), func.sum(touched_files.c.times).desc(), projects.c.name, touched_files.c.path)
        .limit(limit)
    )
    if project_id is not None:
        query = query.where(sessions.c.project_id == project_id)
    return [OftenTouched(row[0], row[1], row[2], int(row[3]), row[4]) for row in connection.execute(query)]


def often_met(connection: Connection, project_id: int | None, limit: int) -> list[OftenMet]:
    """Return the errors that most sessions met, at least two."""
    count = func.count()
    query = (
        select(projects.c.id, projects.c.name, met_errors.c.signature, count, func.sum(met_errors.c.times), func.max(sessions.c.number))
        .select_from(met_errors.join(sessions).join(projects, projects.c.id == sessions.c.project_id))
        .group_by(projects.c.id, projects.c.name, met_errors.c.signature)
        .having(count > 1)
        .order_by(count.desc(), func.sum(met_errors.c.times).desc(), projects.c.name, met_errors.c.signature)
        .limit(limit)
    )
    if project_id is not None:
        query = query.where(sessions.c.project_id == project_id)
    found: list[OftenMet] = []
    for owner, name, signature, among, times, last in connection.execute(query).all():
        told = (met_errors.c.signature == signature) & (sessions.c.project_id == owner) & (sessions.c.number == last)
        row = connection.execute(select(met_errors.c.text, met_errors.c.turn, met_errors.c.is_solved).join(sessions).where(told)).one()
        found.append(OftenMet(name, signature, row[0], among, int(times), last, row[1], row[2]))
    return found


def met_before(connection: Connection, signatures: Collection[str], limit: int) -> list[MetBefore]:
    """Return where errors of these signatures were met, the latest session first."""
    columns = (projects.c.id, projects.c.name, sessions.c.number, met_errors.c.turn, met_errors.c.text, met_errors.c.is_solved)
    query = select(*columns).select_from(met_errors.join(sessions).join(projects, projects.c.id == sessions.c.project_id))
    query = query.where(met_errors.c.signature.in_(sorted(signatures)[:_MOST_PARAMETERS])).order_by(met_errors.c.session_id.desc())
    return [MetBefore(*row) for row in connection.execute(query.limit(limit))]

"""Files that sessions touched, one row per session and file, and errors that occurred in sessions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from onward.core.analytics.growth_report import RecurringError, RecurringFile
from onward.core.effort.rework import SessionError
from onward.core.effort.touched_files import FileTouch, ProjectFile, TouchedFile
from onward.core.knowledge.entry import ErrorOccurrence
from onward.core.transcript.tools import ChangeKind
from onward.store.schema import met_errors, projects, sessions, touched_files
from onward.store.statements import MAX_PARAMETERS, batches
from onward.store.text import storable_text

MAX_SESSIONS = 20
"""Sessions that are listed for one file. All of them are counted."""


def save(connection: Connection, session_id: int, files: Sequence[TouchedFile], errors: Sequence[SessionError]) -> None:
    """Store the files and errors of a session, replacing earlier ones."""
    for table in (touched_files, met_errors):
        connection.execute(delete(table).where(table.c.session_id == session_id))
    if files:
        connection.execute(
            insert(touched_files),
            [{**file._asdict(), "path": storable_text(file.path), "session_id": session_id} for file in _unique_files(files)],
        )
    if errors:
        connection.execute(
            insert(met_errors), [{**error._asdict(), "text": storable_text(error.text), "session_id": session_id} for error in errors]
        )


def _unique_files(files: Iterable[TouchedFile]) -> Iterable[TouchedFile]:
    return {storable_text(file.path): file for file in files}.values()


def list_files(
    connection: Connection,
    project_id: int,
    *,
    session: int | None = None,
    text: str = "",
    after: str | None = None,
    limit: int | None = None,
) -> list[ProjectFile]:
    """Return a project's files by path: those that one *session* touched, whose path contains *text*, and that come *after* a path."""
    of_project = touched_files.join(sessions)
    query = select(touched_files.c.path).select_from(of_project).where(sessions.c.project_id == project_id).distinct()
    if session is not None:
        query = query.where(sessions.c.number == session)
    if text:
        query = query.where(touched_files.c.path.contains(text, autoescape=True))
    if after is not None:
        query = query.where(touched_files.c.path > after)
    paths = list(connection.execute(query.order_by(touched_files.c.path).limit(limit)).scalars())
    return _read_files(connection, project_id, paths)


def list_touched(connection: Connection, session_id: int) -> list[TouchedFile]:
    """Return the files that one session touched, by path."""
    columns = [touched_files.c[name] for name in TouchedFile._fields]
    query = select(*columns).where(touched_files.c.session_id == session_id).order_by(touched_files.c.path)
    return [TouchedFile._make(row) for row in connection.execute(query)]


def _read_files(connection: Connection, project_id: int, paths: Sequence[str]) -> list[ProjectFile]:
    columns = [touched_files.c[name] for name in ("change", "added_lines", "removed_lines", "times", "first_turn", "last_turn")]
    count = func.count().over(partition_by=touched_files.c.path)
    rank = func.row_number().over(partition_by=touched_files.c.path, order_by=sessions.c.number)
    sums = [func.sum(touched_files.c[name]).over(partition_by=touched_files.c.path) for name in ("added_lines", "removed_lines")]
    query = (
        select(
            touched_files.c.path,
            sessions.c.number,
            *columns,
            rank.label("place"),
            count.label("among"),
            sums[0].label("added"),
            sums[1].label("removed"),
        )
        .join(sessions)
        .where(sessions.c.project_id == project_id)
    )
    files_by_path: dict[str, ProjectFile] = {}
    for batch in batches(paths):
        ranked_touches = query.where(touched_files.c.path.in_(batch)).subquery()
        is_listed = (ranked_touches.c.place == 1) | (ranked_touches.c.place > ranked_touches.c.among - MAX_SESSIONS)
        for row in connection.execute(select(ranked_touches).where(is_listed).order_by(ranked_touches.c.path, ranked_touches.c.place)):
            touch = FileTouch(
                session=row.number,
                change=row.change,
                added_lines=row.added_lines,
                removed_lines=row.removed_lines,
                times=row.times,
                first_turn=row.first_turn,
                last_turn=row.last_turn,
            )
            previous = files_by_path.get(row.path)
            stays_created = previous is not None and previous.change == "created" and row.change == "edited"
            touches = [*(previous.sessions if previous else ()), touch][-MAX_SESSIONS:]
            change: ChangeKind = "created" if stays_created else row.change
            files_by_path[row.path] = ProjectFile(
                path=row.path,
                change=change,
                added_lines=_int_or_none(row.added),
                removed_lines=_int_or_none(row.removed),
                session_count=row.among,
                sessions=touches,
            )
    return [files_by_path[path] for path in paths if path in files_by_path]


def _int_or_none(lines: int | None) -> int | None:
    return None if lines is None else int(lines)


def list_often_touched(connection: Connection, project_id: int | None, limit: int) -> list[RecurringFile]:
    """Return the files that most sessions touched, at least two sessions each."""
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
    return [
        RecurringFile(project=row[0], path=row[1], sessions=row[2], times=int(row[3]), last_session=row[4])
        for row in connection.execute(query)
    ]


def list_often_seen(connection: Connection, project_id: int | None, limit: int) -> list[RecurringError]:
    """Return the errors that occurred in most sessions, at least two sessions each."""
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
    errors: list[RecurringError] = []
    for project, name, signature, session_count, times, last_session in connection.execute(query).all():
        condition = (met_errors.c.signature == signature) & (sessions.c.project_id == project) & (sessions.c.number == last_session)
        row = connection.execute(select(met_errors.c.text, met_errors.c.turn, met_errors.c.is_solved).join(sessions).where(condition)).one()
        errors.append(
            RecurringError(
                project=name,
                signature=signature,
                text=row[0],
                sessions=session_count,
                times=int(times),
                last_session=last_session,
                turn=row[1],
                is_solved=row[2],
            )
        )
    return errors


def find_error_occurrences(connection: Connection, signatures: Collection[str], limit: int) -> list[ErrorOccurrence]:
    """Return the occurrences of errors with these signatures, latest session first."""
    columns = (projects.c.id, projects.c.name, sessions.c.number, met_errors.c.turn, met_errors.c.text, met_errors.c.is_solved)
    query = select(*columns).select_from(met_errors.join(sessions).join(projects, projects.c.id == sessions.c.project_id))
    query = query.where(met_errors.c.signature.in_(sorted(signatures)[:MAX_PARAMETERS])).order_by(met_errors.c.session_id.desc())
    return [
        ErrorOccurrence(
            project_id=row.id,
            project=row.name,
            session=row.number,
            turn=row.turn,
            text=row.text,
            is_solved=row.is_solved,
        )
        for row in connection.execute(query.limit(limit))
    ]

"""Moving sessions to another project: all of a project, some of them, or all that ran in a folder.

One transaction moves everything. Turns keep their content and get the identity they would have if imported there. The sessions get the
next free numbers in order of time, because existing handles must keep their meaning. Both ledgers are folded again.

A session that both projects contain completely is kept once. If they share only some of its turns, both are kept: working handles matter
more than turns that are counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onward.app.handoffs.distillation import distill_session
from onward.app.handoffs.project_state import read_project_state
from onward.app.lookup import require_project, require_session
from onward.app.repository.detection import real_folder
from onward.app.sessions.stored_completion import create_contribution
from onward.app.turns.identity import FIRST_TURNS, TurnMark, TurnMarker, session_names
from onward.app.turns.main_path import main_path
from onward.core.facts.fact import Fact, Handle, fact_id
from onward.core.facts.ledger import Ledger, fold
from onward.core.knowledge.knowledge import harvest_knowledge
from onward.core.preservation.reference import fold_references
from onward.core.project import MovedSession, Project, ProjectMove
from onward.core.session import DIGEST_PREFIX, Session
from onward.core.text import paths
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, assigned_folders, facts, handoffs, knowledge, projects, provenance, removed_sessions, sessions, turns
from onward.store.assigned_folders import RepositoryAssignment
from onward.store.facts import Contribution, StoredLedger

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NO_TIME = datetime.max.replace(tzinfo=UTC)


class _Selection(NamedTuple):
    """What to move: sessions in order of time, the projects that move completely, and the folder whose future sessions move too."""

    sessions: list[Session]
    full_projects: tuple[Project, ...] = ()
    folder: str = ""


def remap_project(store: Store, source: Project, target: Project) -> ProjectMove:
    """Move everything of *source*, with its repository, to *target*, and delete *source*."""
    if source.id == target.id:
        raise BadInput(
            Message("{source} and {target} are the same project.", source=source.name, target=target.name), "Give two different projects."
        )

    def select(connection: Connection) -> _Selection:
        return _Selection(_sort_by_time(sessions.list_sessions(connection, source.id)), full_projects=(source,))

    return _remap(store, select, target)


def remap_sessions(store: Store, source: Project, numbers: Sequence[int], target: Project) -> ProjectMove:
    """Move some sessions of *source* to *target*. Raises `NotFound` if one does not exist."""
    if source.id == target.id:
        raise BadInput(
            Message("{source} and {target} are the same project.", source=source.name, target=target.name), "Give two different projects."
        )

    def select(connection: Connection) -> _Selection:
        selected_sessions = sessions.find_by_numbers(connection, source.id, set(numbers))
        if missing := sorted(set(numbers) - {session.number for session in selected_sessions}):
            raise NotFound(
                Message("{source} has no session {missing}.", source=source.name, missing=missing[0]),
                "List sessions: onward session list",
            )
        return _Selection(_sort_by_time(selected_sessions))

    return _remap(store, select, target)


def move(store: Store, session: Session, target: Project) -> Session:
    """Move one session to *target* under its next number, and return it. Its transcript follows it from now on.

    If *target* has all its turns already, the session that has them is returned.
    """
    with store.read() as connection:
        source = require_project(connection, session.project_id)
    remap_sessions(store, source, [session.number], target)
    with store.read() as connection:
        twins = sessions.find_by_native_ids(connection, target.id, [session.native_id or ""])
        return sessions.find(connection, session.id) or next(iter(twins), None) or require_session(connection, session.id)


def remap_folder(store: Store, folder: str, target: Project) -> ProjectMove:
    """Move all past and future sessions that run in *folder* or below it to *target*; a project that is there as a whole moves with its
    repository, and is deleted.
    """
    folder = real_folder(paths.normalise(folder))

    def select(connection: Connection) -> _Selection:
        other_projects = [
            other_project
            for archived in (False, True)
            for other_project in projects.list_projects(connection, archived=archived)
            if other_project.id != target.id
        ]
        folder_sessions: list[Session] = []
        full_projects: list[Project] = []
        for project in other_projects:
            project_sessions = sessions.list_sessions(connection, project.id)
            inside = [
                session
                for session in project_sessions
                if session.cwd and paths.is_within(real_folder(paths.normalise(session.cwd)), folder)
            ]
            folder_sessions += inside
            if inside == project_sessions and project.root and paths.is_within(project.root, folder):
                full_projects.append(project)
        return _Selection(_sort_by_time(folder_sessions), tuple(full_projects), folder)

    return _remap(store, select, target)


def _sort_by_time(selected_sessions: Sequence[Session]) -> list[Session]:
    return sorted(
        selected_sessions, key=lambda session: (session.started_at or session.ended_at or _NO_TIME, session.project_id, session.number)
    )


class _SessionMove(NamedTuple):
    """What happens to one session. `number` is None if the target has all its turns already. `new_fact_ids` maps the old ids of its facts
    to the new ones, `noted_facts` the ids of facts that its agent stated during the session to the new facts.
    """

    session: Session
    number: int | None
    native_id: str | None
    identities: dict[int, bytes]
    contribution: Contribution | None
    new_fact_ids: dict[str, str]
    noted_facts: dict[str, Fact]


def _remap(store: Store, select: Callable[[Connection], _Selection], target: Project) -> ProjectMove:
    """Plan without a lock, then move in a short transaction if nothing has changed; otherwise plan again."""
    while True:
        with store.read() as connection:
            selection, target_sessions = select(connection), sessions.list_sessions(connection, target.id)
            names = {
                project.id: project.name for archived in (False, True) for project in projects.list_projects(connection, archived=archived)
            }
            moves = _plan_moves(connection, selection.sessions, target, target_sessions)
        with store.write() as connection:
            for project_id in sorted({target.id, *(session.project_id for session in selection.sessions)}):
                projects.lock_project(connection, project_id)
            if select(connection) != selection or sessions.list_sessions(connection, target.id) != target_sessions:
                continue
            changed_projects = _apply_moves(connection, selection, moves, target)
        for project_id in (target.id, *changed_projects):
            update_handoff(store, project_id)
        moved_sessions = [MovedSession(names[move.session.project_id], move.session.number, move.number) for move in moves]
        return ProjectMove(target, moved_sessions, [project.name for project in selection.full_projects])


def _plan_moves(
    connection: Connection, selected_sessions: Sequence[Session], target: Project, target_sessions: Sequence[Session]
) -> list[_SessionMove]:
    last_number = sessions.next_number(connection, target.id) - 1
    twins_by_name = {name: session for session in target_sessions if (name := _name_in_target(connection, session, target))}
    taken_identities: set[bytes] = set()
    moves: list[_SessionMove] = []
    for session in selected_sessions:
        recognised_turns = _recognise_turns(connection, session, target)
        native_id = _native_id(session, list(recognised_turns.values()))
        twin = twins_by_name.get(native_id) if native_id else None
        if twin is not None and _has_all_turns(connection, target, twin, recognised_turns.values(), taken_identities):
            moves.append(
                _SessionMove(
                    session=session,
                    number=None,
                    native_id=None,
                    identities={},
                    contribution=None,
                    new_fact_ids={},
                    noted_facts=_renumber_noted(connection, session, twin.number),
                )
            )
            continue
        last_number += 1
        # A turn that the target has already stays in both sessions: the moved one is identified by its position.
        known_flags = _are_known(
            connection, target, [recognised.identity(last_number) for recognised in recognised_turns.values()], taken_identities
        )
        identities = {
            ordinal: (TurnMark(recognised.mark, is_global=False) if is_known else recognised).identity(last_number)
            for (ordinal, recognised), is_known in zip(recognised_turns.items(), known_flags, strict=True)
        }
        taken_identities.update(identities.values())
        native_id = None if twin is not None else native_id
        if native_id:
            twins_by_name[native_id] = replace(session, number=last_number)
        new_contribution, new_fact_ids = _renumber_contribution(connection, session, last_number)
        moves.append(
            _SessionMove(
                session=session,
                number=last_number,
                native_id=native_id,
                identities=identities,
                contribution=new_contribution,
                new_fact_ids=new_fact_ids,
                noted_facts=_renumber_noted(connection, session, last_number),
            )
        )
    return moves


def _recognise_turns(connection: Connection, session: Session, target: Project, *, last: int = turns.MAX_ORDINAL) -> dict[int, TurnMark]:
    """Return the identities of a session's turns in *target*, up to *last*, by ordinal. Redacted secrets are unknown by now."""
    recognise = TurnMarker(target.key).mark_turn
    return {
        stored_turn.ordinal: recognise(stored_turn.turn, stored_turn.turn).without_secrets()
        for stored_turn in turns.read_session(connection, session.id, last=last)
    }


def _name_in_target(connection: Connection, session: Session, target: Project) -> str | None:
    """Return the native id that a session of *target* would have if it came from another project."""
    if session.native_id is None or not session.native_id.startswith(DIGEST_PREFIX):
        return session.native_id
    return _native_id(session, list(_recognise_turns(connection, session, target, last=FIRST_TURNS).values()))


def _has_all_turns(
    connection: Connection, target: Project, twin: Session, recognised_turns: Iterable[TurnMark], taken_identities: set[bytes]
) -> bool:
    """Return whether *target* contains all turns of the session with the same native id as *twin*, a session there or on its way."""
    identities = [recognised.identity(twin.number) for recognised in recognised_turns]
    missing = [
        identity
        for identity, is_known in zip(identities, _are_known(connection, target, identities, taken_identities), strict=True)
        if not is_known
    ]
    return not missing or {
        recognised.identity(twin.number) for recognised in _recognise_turns(connection, twin, target).values()
    }.issuperset(missing)


def _are_known(connection: Connection, target: Project, identities: Sequence[bytes], taken_identities: set[bytes]) -> list[bool]:
    """Return for each identity whether the target contains it, or will."""
    known_turns = turns.find_positions(connection, target.id, identities)
    return [identity in known_turns or identity in taken_identities for identity in identities]


def _native_id(session: Session, recognised_turns: Sequence[TurnMark]) -> str | None:
    """Return the native id of the session in the target: a digest of its first turns depends on the project's key."""
    if session.native_id is None or not session.native_id.startswith(DIGEST_PREFIX):
        return session.native_id
    count = int(session.native_id.removeprefix(DIGEST_PREFIX).partition(":")[0])
    names = session_names(recognised_turns[:count])
    return DIGEST_PREFIX + names[0] if names else None


def _renumber_contribution(connection: Connection, session: Session, number: int) -> tuple[Contribution | None, dict[str, str]]:
    """Return what the session contributes to the ledger under its new number, and the new ids of its facts by the old ones."""
    old_contribution = facts.read_contribution(connection, session.id)
    if not old_contribution.facts and not old_contribution.references:
        return None, {}
    moved_session = replace(session, number=number)
    new_contribution = create_contribution(distill_session(main_path(connection, moved_session)), moved_session)
    ids_by_key = {_fact_key(fact): fact.id for fact in new_contribution.facts}
    return new_contribution, {fact.id: ids_by_key[_fact_key(fact)] for fact in old_contribution.facts if _fact_key(fact) in ids_by_key}


def _renumber_noted(connection: Connection, session: Session, number: int) -> dict[str, Fact]:
    """Return the facts that the session's agent stated during the session, by id, as they are under the new number."""
    stated, _ = facts.read_edits(connection, session.project_id)
    handle = Handle(number, 0)
    return {
        fact.id: fact._replace(id=fact_id(fact.kind, fact.subject, fact.text, handle), sources=(handle,))
        for fact in stated
        if fact.author == "agent" and fact.session == session.number
    }


def _fact_key(fact: Fact) -> tuple[str, str, str, int, int]:
    return (fact.kind, fact.subject, fact.text, fact.turn, fact.position)


def _apply_moves(connection: Connection, selection: _Selection, moves: Sequence[_SessionMove], target: Project) -> list[int]:
    """Move everything. Return the projects that lost sessions and still exist."""
    full_ids = {project.id for project in selection.full_projects}
    origins = {move.session.project_id for move in moves}
    for move in moves:
        if move.session.project_id not in full_ids:
            # Its transcript still names the old project: what is written there later follows it.
            removed_sessions.create(connection, move.session, moved_to=target.id)
        if move.number is None:
            knowledge.save_session_entries(connection, move.session.id, [])
            turns.delete_turns(connection, move.session.id)
            sessions.delete_session(connection, move.session.id)
            continue
        removed_sessions.forget(connection, target.id, move.session.id)
        sessions.move(connection, move.session.id, target.id, move.native_id)
        turns.move(connection, target.id, move.session.id, move.identities)
        if move.contribution is not None:
            facts.save_contribution(connection, move.session.id, move.contribution)
            knowledge.save_session_entries(connection, move.session.id, harvest_knowledge(move.contribution.facts), has_pairs=False)
    for origin in sorted(origins | full_ids):
        new_fact_ids = {old: new for move in moves if move.session.project_id == origin for old, new in move.new_fact_ids.items()}
        noted_facts = {old: new for move in moves if move.session.project_id == origin for old, new in move.noted_facts.items()}
        facts.move_edits(connection, origin, target.id, new_fact_ids, noted_facts, all_edits=origin in full_ids)
    for project in selection.full_projects:
        _merge(connection, project, target)
    redact = Redactor(DISTILL_KEY).text
    if selection.folder:
        assigned_folders.assign(connection, RepositoryAssignment(target.id, redact(selection.folder), "", includes_subfolders=True))
    new_roots = (selection.folder, *(project.root for project in selection.full_projects))
    new_root = next((folder for folder in new_roots if folder and Path(folder).is_dir()), "")
    if target.root and new_root and not Path(target.root).is_dir():
        # The folder of the project moved here.
        projects.update_project(connection, target.id, root=redact(new_root))
    changed_projects = sorted(origins - full_ids)
    for project_id in (target.id, *changed_projects):
        rebuild_ledger(connection, project_id)
    return changed_projects


def _merge(connection: Connection, source: Project, target: Project) -> None:
    """Move the rest of *source* to *target*, and delete *source*."""
    provenance.move_imports(connection, source.id, target.id)
    assigned_folders.reassign_all(connection, source.id, target.id)
    if (source.root or source.remote) and (source.root, source.remote) != (target.root, target.remote):
        assigned_folders.assign(connection, RepositoryAssignment(target.id, source.root, source.remote, includes_subfolders=False))
    projects.delete_project(connection, source.id)


def rebuild_ledger(connection: Connection, project_id: int) -> None:
    """Fold the ledger of a locked project again from what its sessions contribute."""
    stored, merged = facts.read_ledger(connection, project_id), facts.merge_contributions(connection, project_id)
    new_ledger = StoredLedger(stored.version + 1, fold(Ledger(), merged.facts), fold_references([], merged.references))
    facts.replace_ledger(connection, project_id, stored, new_ledger)


def update_handoff(store: Store, project_id: int, *, or_none: bool = False) -> None:
    """Create a handoff over the changed sessions, unless another process already did; with *or_none*, only if there are completed
    sessions.
    """
    with store.read() as connection:
        state, newest_handoff = read_project_state(connection, project_id), handoffs.find_newest(connection, project_id)
    if not state.session_lines and (or_none or newest_handoff is None):
        return
    handoff = state.master(store, newest_handoff.budget_tokens if newest_handoff else None)
    with store.write() as connection:
        projects.lock_project(connection, project_id)
        if facts.read_ledger(connection, project_id).version == state.stored_ledger.version:
            handoffs.create(connection, project_id, None, state.stored_ledger.version, handoff)

"""Reading turns again whose stored form is damaged, from the transcript that they came from."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from onward.app.transcripts.intake import list_identities
from onward.app.turns.preparation import PreparedTurn, prepare_transcript
from onward.errors import OnwardError
from onward.store import Store, projects, sessions, turns
from onward.store.turn_bodies import PackedTurn


def recover_turns(store: Store, session_id: int, ordinals: Collection[int]) -> int:
    """Store the turns of a session with these ordinals again, as far as its transcript still has them, and return how many."""
    with store.read() as connection:
        session = sessions.find(connection, session_id)
        project = projects.find(connection, session.project_id) if session else None
        wanted = turns.find_identities(connection, session_id, ordinals)
    if session is None or project is None or not (path := Path(session.source)).is_absolute() or not path.exists():
        return 0
    recovered: dict[int, PackedTurn] = {}
    try:
        for item in prepare_transcript(path, lambda _: project.key):
            if isinstance(item, PreparedTurn):
                for identity in list_identities(item.recognised, session.number):
                    if identity in wanted:
                        recovered[wanted[identity]] = item.packed
    except OnwardError:
        # What was read before the problem is recovered.
        pass
    with store.write() as connection:
        for ordinal, packed in recovered.items():
            turns.mend_turn(connection, session_id, ordinal, packed)
    return len(recovered)

"""Which sessions lists show."""

from __future__ import annotations

from collections.abc import Sequence

from onward.app.projects import facts, projects
from onward.app.sessions import completion, sessions, titles
from onward.app.sessions.sessions import Session
from onward.store import Store


def test_an_empty_session_is_not_listed(store: Store) -> None:
    project = projects.create(store, "shop")

    def start(*, by_agent: bool = True, objectives: Sequence[str] = ()) -> Session:
        return sessions.start(store, project, by_agent=by_agent, objectives=objectives).session

    phantom, started, aimed, named, stated, noted, left = (
        start(),
        start(by_agent=False),
        start(objectives=["Ship it"]),
        start(),
        start(),
        start(),
        start(by_agent=False),
    )
    titles.rename(store, named, "A name")
    completion.complete(store, stated, accomplishments=["Shipped"])
    facts.note(store, project, noted, "rule", "Never on Fridays.")
    sessions.abandon(store, left)
    shown = [session.number for session in sessions.list_sessions(store, project)]
    assert shown == [session.number for session in (started, aimed, named, stated, noted)]
    assert [session.number for session in sessions.list_all(store, limit=9)] == shown[::-1]
    assert [entry.session.number for entry in sessions.list_recent(store, project, limit=9)] == shown[::-1]
    assert [entry.session.number for entry in sessions.timeline(store, project)] == shown
    everything = [session.number for session in sessions.list_sessions(store, project, with_empty=True)]
    assert everything == [1, 2, 3, 4, 5, 6, 7]
    assert start().number == 8
    assert {phantom.number, left.number} == set(everything) - set(shown)

"""Sessions that are told only in words: what a person types on completing closes what it names, and is what the handoff is measured by."""

from __future__ import annotations

from onward.app.handoffs import drafts
from onward.app.projects import facts, projects
from onward.app.sessions import completion, sessions
from onward.app.turns.client_turns import append_conversation
from onward.core.handoff.document import render
from onward.core.project import Project
from onward.core.session_results import SessionCompletion
from onward.core.transcript.transcript import Turn
from onward.store import Store


def tell(store: Store, project: Project, accomplishments: list[str], blockers: list[str]) -> SessionCompletion:
    session = sessions.start(store, project).session
    return completion.complete(store, lambda: session, accomplishments=accomplishments, blockers=blockers)


def test_typed_words_close_what_they_name(store: Store) -> None:
    project = projects.create(store, "shop")
    tell(store, project, ["The API answers"], ["CORS configuration needed", "The printer of the branch is missing"])
    tell(store, project, ["CORS configuration fixed"], [])
    blockers = {fact.text: fact.state for fact in facts.list_facts(store, project, kind="blocker", state=None)}
    assert blockers == {"CORS configuration needed": "resolved", "The printer of the branch is missing": "live"}


def test_a_session_told_in_words_is_measured_by_them(store: Store) -> None:
    project = projects.create(store, "shop")
    handoff = tell(store, project, ["The API answers", "Prices are stored in rupiah"], ["CORS configuration needed"]).handoff
    assert {str(group.group): (group.kept_count, group.total) for group in handoff.preservation.groups} == {
        "outcomes": (2, 2),
        "open": (1, 1),
    }
    # Each is said once.
    text = render(handoff.handoff)
    for words in ("The API answers", "Prices are stored in rupiah", "CORS configuration needed"):
        assert text.split("---")[0].count(words) == 1
    assert dict(handoff.handoff.head)["State"].text == "Prices are stored in rupiah. The API answers."


def test_a_draft_knows_the_project_and_cites_its_next_session(store: Store) -> None:
    project = projects.create(store, "shop")
    session = sessions.start(store, project).session
    append_conversation(store, session.id, records=[{"role": "user", "content": "Never use tabs in `src/b.py`."}], text=None)
    completion.complete(store, lambda: session)
    turns = [Turn("user", "Never deploy `src/a.py` on a Friday."), Turn("assistant", "Done: `src/a.py` is locked on Fridays.")]
    handoff = drafts.conversation_basis(turns, store, project).master(2000).handoff
    rules = {
        line.text: [str(source) for source in line.sources] for part in handoff.sections if "Rules" in part.title for line in part.lines
    }
    assert handoff.session == 2
    assert rules == {"Never use tabs in `src/b.py`.": ["s1.1"], "Never deploy `src/a.py` on a Friday.": ["s2.1"]}
    assert drafts.conversation_basis(turns).master(2000).handoff.session == 1

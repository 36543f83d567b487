"""The hook reads the store directly, and finds the same project and handoff as the use cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onward.agents.stored_handoff import FolderContext, find_handoff
from onward.app.handoffs import handoffs
from onward.app.projects import projects
from onward.app.repository.origin import Origin
from onward.app.sessions import completion, sessions
from onward.core.facts.headings import HEAD, NOTICE_PREFIXES
from onward.core.handoff.page import insert_head_line, shorten_page
from onward.core.transcript.authored_text import author_text
from onward.store import Store, assigned_folders
from onward.store.assigned_folders import RepositoryAssignment

ROOTS = st.sampled_from(["", "/home/ayu/toko", "/home/ayu/toko/api", "/home/ayu/kopi", "/home/ayu/lain", "C:\\Users\\ayu\\toko"])
REMOTES = st.sampled_from(["", "example.com/ayu/toko", "example.com/ayu/kopi"])
NAMES = st.sampled_from(["", "", "", "toko", "p1", "nobody's"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    with Store.at_folder(home) as store:
        new_projects = [
            projects.create(store, f"p{number}", repository=place)
            for number, place in enumerate(
                [
                    ("/home/ayu/toko", "example.com/ayu/toko"),
                    ("/home/ayu/kopi", ""),
                    ("/home/ayu/lain", "example.com/ayu/kopi"),
                    ("", ""),
                    ("/home/ayu/kopi", ""),
                ]
            )
        ]
        projects.archive(store, new_projects[2])
        with store.write() as connection:
            assigned_folders.assign(connection, RepositoryAssignment(new_projects[3].id, "/home/ayu", "", includes_subfolders=True))
            assigned_folders.assign(
                connection, RepositoryAssignment(new_projects[1].id, "/home/ayu/toko/api", "", includes_subfolders=True)
            )
            assigned_folders.assign(
                connection, RepositoryAssignment(new_projects[4].id, "", "example.com/ayu/kopi", includes_subfolders=False)
            )
        for project in new_projects[:2]:
            session = sessions.start(store, project).session
            completion.complete(store, session, accomplishments=[f"The work of {project.name} is done."])
    return home


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(NAMES, ROOTS, REMOTES, ROOTS)
def test_the_hook_and_the_use_cases_find_the_same(home: Path, named: str, root: str, remote: str, cwd: str) -> None:
    lookup = FolderContext(str(home), "/", {})
    lookup.project_name, lookup.root, lookup.remote, lookup.cwd = named, root, remote, cwd
    by_hand = find_handoff(lookup)
    with Store.at_folder(home) as store:
        project = projects.find_by_origin(store, Origin(named, root, remote, cwd))
        assert (by_hand.name if by_hand else None) == (project.name if project else None)
        if by_hand and by_hand.page and project:
            current = handoffs.current_handoff(store, project)
            assert (by_hand.page, by_hand.number) == (current.markdown, current.handoff.session)
            assert tuple(by_hand.files) == current.handoff.files


def test_a_head_line_is_inserted_in_order() -> None:
    page = "# Handoff after session 3\n\n**Goal.** A shop.\n**Do first.** Run it.\n\n## Open: next, blocked, questions\n- More.\n"
    result = insert_head_line(page, "Since then", "Nothing.")
    assert result == page.replace("**Do first.**", "**Since then.** Nothing.\n**Do first.**")
    assert insert_head_line(result, "Since then", "Nothing.") == result
    bare = "# Handoff after session 3\n\n## Open: next, blocked, questions\n- More.\n"
    assert author_text(insert_head_line(bare, HEAD[2], "On `main`.")) == ""


def test_a_page_is_cut_at_its_least_important_lines() -> None:
    sections = {
        "Rules (always)": 20,
        "Open: next, blocked, questions": 5,
        "What happened, and why": 40,
        "Learned: know before you touch": 40,
    }
    page = "# Handoff after session 3\n\n**Goal.** A shop.\n"
    page += "".join(
        f"\n## {title}\n" + "".join(f"- {title} {number} é: {'word ' * 8}\n" for number in range(count))
        for title, count in sections.items()
    )
    page += "\n---\nPreserved in 1k tokens.\nLeft out: done 3. `onward search WORDS` reaches them.\n"
    assert shorten_page(page, 100_000) == page
    for most in (6_000, 4_000, 2_000, 900):
        cut = shorten_page(page, most)
        assert len(cut.encode()) <= most
        assert cut.startswith("# Handoff after session 3")
        assert "And too long for this agent's hooks: learned" in cut
        assert author_text(cut) == ""
    assert shorten_page(page, 4_000).count("- Rules") == 20
    assert "- Learned" not in shorten_page(page, 4_000)


def test_notices_beside_a_handoff_are_not_read_as_speech() -> None:
    for notice in NOTICE_PREFIXES:
        assert author_text(f"{notice}something.\n\nAlways use tabs.") == "Always use tabs."

"""Rules for every project: shared, changed, taken back, suggested, and in files that agents read."""

from __future__ import annotations

from pathlib import Path

import pytest

from onward.app.handoffs.handoffs import current_handoff
from onward.app.jobs import jobs
from onward.app.jobs.jobs import JobContext
from onward.app.jobs.kinds import STEP_FUNCTIONS
from onward.app.projects import facts, projects
from onward.app.projects.shared_rules import JOB_KIND, update_handoffs
from onward.app.sessions import sessions
from onward.app.sessions.completion import complete
from onward.app.turns.client_turns import append_conversation
from onward.cli.main import main
from onward.core.facts.fact import Fact
from onward.core.facts.rules_block import pair_edits, read_block, write_block
from onward.core.facts.shared_rules import shared_fact
from onward.core.project import Project
from onward.errors import BadInput
from onward.store import Store

RULE = "Never add a Co-Authored-By line to commits."


def project_with(store: Store, name: str, *requests: str) -> Project:
    """A project with one completed session in which a person says *requests*."""
    project = projects.create(store, name)
    session = sessions.start(store, project).session
    records = [record for text in requests for record in ({"role": "user", "content": text}, {"role": "assistant", "content": "Done."})]
    append_conversation(store, session.id, records=records, text=None)
    complete(store, lambda: session)
    return project


def section(store: Store, project: Project, title: str) -> list[str]:
    handoff = current_handoff(store, project).handoff
    return [line.text for part in handoff.sections if part.title == title for line in part.lines]


SHARED, OWN = "Rules for every project", "Rules (always)"


def rule_of(store: Store, project: Project) -> Fact:
    (rule,) = facts.list_facts(store, project, kind="rule")
    return rule


def share_now(store: Store) -> None:
    """Run the job that brings a changed rule into the handoffs of the other projects."""
    jobs.run_queued(JobContext(store, Path()), STEP_FUNCTIONS, JOB_KIND)


def test_only_the_project_at_hand_is_updated_in_the_request(store: Store) -> None:
    shop = project_with(store, "shop", f"Fix the login. {RULE}")
    blog, wiki = (project_with(store, name, "Write the feed for `src/feed.ts`.") for name in ("blog", "wiki"))
    facts.promote(store, shop, rule_of(store, shop).id)
    assert section(store, shop, SHARED) == [RULE]
    assert section(store, blog, SHARED) == []
    (job,) = jobs.list_jobs(store)
    assert (job.kind, job.state) == (JOB_KIND, "queued")
    share_now(store)
    assert [section(store, project, SHARED) for project in (blog, wiki)] == [[RULE], [RULE]]
    (job,) = jobs.list_jobs(store)
    assert (job.state, job.result) == ("done", {"projects": 2})
    # Interrupted and run again, it makes no further version.
    version = current_handoff(store, blog).version
    assert update_handoffs(store, job, lambda *_: None) == 2
    assert current_handoff(store, blog).version == version


def test_a_promoted_rule_is_in_the_handoff_of_every_project(store: Store) -> None:
    shop = project_with(store, "shop", f"Fix the login. {RULE}")
    blog = project_with(store, "blog", "Write the feed for `src/feed.ts`.")
    shared = facts.promote(store, shop, rule_of(store, shop).id)
    share_now(store)
    assert (shared.kind, shared.text) == ("shared_rule", RULE)
    for project in (shop, blog):
        assert section(store, project, SHARED) == [RULE]
        assert section(store, project, OWN) == []
        # A handoff that is composed again has it, too.
        assert SHARED in current_handoff(store, project, budget_tokens=1500).markdown
    # Where it was said, it keeps its source.
    (line,) = next(part for part in current_handoff(store, shop).handoff.sections if part.title == SHARED).lines
    assert [str(source) for source in line.sources] == ["s1.1"]
    # It is shared once.
    assert facts.add(store, blog, "shared_rule", RULE).id == shared.id
    new = project_with(store, "new", "Add a page for `about.html`.")
    assert section(store, new, SHARED) == [RULE]


def test_a_rule_for_every_project_is_reworded_and_taken_back_everywhere(store: Store) -> None:
    shop = project_with(store, "shop", f"Fix the login. {RULE}")
    blog = project_with(store, "blog", "Write the feed for `src/feed.ts`.")
    shared = facts.promote(store, shop, rule_of(store, shop).id)
    facts.change(store, blog, shared.id, text="Commits name no co-authors.")
    share_now(store)
    assert section(store, blog, SHARED) == ["Commits name no co-authors."]
    assert section(store, shop, SHARED) == ["Commits name no co-authors."]
    # The project's own words say something else now, so they stand again.
    assert section(store, shop, OWN) == [RULE]
    facts.change(store, blog, shared.id, text=RULE)
    facts.retract(store, blog, shared.id)
    share_now(store)
    assert section(store, blog, SHARED) == section(store, shop, SHARED) == []
    assert section(store, shop, OWN) == [RULE]
    facts.restore(store, shop, shared.id)
    share_now(store)
    assert section(store, blog, SHARED) == [RULE]
    with pytest.raises(BadInput):
        facts.pin(store, shop, shared.id)


def test_only_rules_are_promoted(store: Store) -> None:
    shop = project_with(store, "shop", "Fix the login.")
    decision = facts.add(store, shop, "decision", "Use Postgres.")
    with pytest.raises(BadInput, match="is not a rule"):
        facts.promote(store, shop, decision.id)


def test_a_rule_of_one_branch_says_so(store: Store) -> None:
    shop = project_with(store, "shop", f"Fix the login. {RULE}")
    rule = rule_of(store, shop)
    facts.promote(store, shop, rule.id, branch="release")
    facts.promote(store, shop, rule.id, branch="release-2")
    assert section(store, shop, OWN) == [f"{RULE} (only on branch `release-2`)"]
    assert section(store, shop, SHARED) == []


def test_a_rule_of_three_projects_is_suggested_until_it_is_shared_or_refused(store: Store) -> None:
    owners = [project_with(store, name, f"Fix the login. {RULE}") for name in ("a", "b")]
    assert facts.list_suggestions(store) == []
    owners.append(project_with(store, "c", "Build it. Never add a co-authored-by line to commits!"))
    (suggestion,) = facts.list_suggestions(store)
    assert suggestion.projects == ("a", "b", "c")
    shared = facts.promote(store, owners[0], rule_of(store, owners[0]).id)
    assert facts.list_suggestions(store) == []
    facts.retract(store, owners[0], shared.id)
    assert facts.list_suggestions(store) == []


def block_of(*texts: str) -> tuple[list[Fact], str]:
    rules = [shared_fact(f"{number:016x}", text, "live", None) for number, text in enumerate(texts, 1)]
    return rules, write_block("# Guide\n\nHello.\n", rules)


def test_a_block_is_written_between_what_is_there_and_reads_back_unchanged() -> None:
    rules, text = block_of("Use tabs.", "Write tests first.")
    assert text.startswith("# Guide\n\nHello.\n\n<!-- onward rules:")
    assert write_block(text, rules) == text
    assert read_block(text) == ({}, (), ())
    assert read_block("# nothing\n- a list\n") == ({}, (), ())
    assert write_block(text + "\nThe end.\n", rules[:1]).endswith("- Use tabs.\n<!-- onward rules end -->\n\nThe end.\n")


def test_edits_of_a_block_are_told_apart() -> None:
    rules, text = block_of("Use tabs for indentation.", "Write tests first.", "Answer in Indonesian.")
    edited = (
        text.replace("- Use tabs for indentation.", "* Use two spaces for indentation.")
        .replace("- Write tests first.\n", "")
        .replace("- Answer", "- Keep pull requests small.\n- Answer")
    )
    edits = pair_edits(read_block(edited), rules)
    assert edits.reworded == {rules[0].id: "Use two spaces for indentation."}
    assert edits.added == ("Keep pull requests small.",)
    assert edits.deleted == (rules[1].id,)
    # What the ledger gave up by itself is not deleted again.
    assert pair_edits(read_block(edited), rules[:1]).deleted == ()


def test_the_command_exports_and_takes_over_what_was_edited(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONWARD_HOME", str(home))

    def run(*arguments: str) -> str:
        assert main(list(arguments)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    run("project", "new", "shop")
    run("fact", "add", "rule", "Prices are integers in rupiah.", "--project", "shop")
    run("fact", "add", "shared_rule", RULE, "--project", "shop")
    run("fact", "export", "--project", "shop")
    file = tmp_path / "AGENTS.md"
    assert f"- {RULE}\n- Prices are integers in rupiah.\n" in file.read_text(encoding="utf-8")
    text = file.read_text(encoding="utf-8").replace("in rupiah", "in sen").replace(f"- {RULE}\n", "- Answer in Indonesian.\n")
    file.write_text(text, encoding="utf-8")
    assert "Taken over from it: 1 reworded, 1 added, 1 retracted" in run("fact", "export", "--project", "shop")
    listed = run("fact", "list", "--project", "shop")
    assert "Prices are integers in sen." in listed
    assert "Answer in Indonesian." in listed
    assert RULE not in listed
    assert run("fact", "export", "--project", "shop") == "Wrote 2 rules to AGENTS.md.\n"


def test_a_secret_in_a_shared_rule_is_redacted(store: Store) -> None:
    token = "ghp_" + "Ab3dE5fG7h" * 3 + "Jk1m2N"
    shop = project_with(store, "shop", "Fix the login.")
    shared = facts.add(store, shop, "shared_rule", f"Log in with {token}.")
    assert token not in shared.text
    assert "[secret:" in shared.text

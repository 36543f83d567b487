"""A project whose folder was moved: recognised in its new place, told, and mended with one command. With real repositories of git."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from onward.app.admin import doctor
from onward.app.projects import projects
from onward.app.projects.moved_folders import MovedFolder, find_moved_folder, list_moved_folders
from onward.cli.main import main
from onward.core.transcript.transcript import SessionHead
from onward.errors import NotFound
from onward.settings import Settings
from onward.store import Store


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ayu", "-c", "user.email=ayu@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "onward"
    monkeypatch.setenv("ONWARD_HOME", str(home))
    return home


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return create_repository(tmp_path / "old" / "kopi", "Begin")


def create_repository(folder: Path, subject: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", subject)
    return folder


def run_session(home: Path, folder: Path, text: str) -> str:
    """Import a session that ran in *folder*, and return the name of its project."""
    path = home.parent / f"{text}.json"
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": f"Done: {text}"}]
    path.write_text(json.dumps([{"id": text, "cwd": str(folder), "messages": messages}]))
    assert main(["import", "--complete", str(path)]) == 0
    path.unlink()
    with Store.at_folder(home) as store:
        project = projects.ensure_for_session(store, SessionHead("codex", cwd=str(folder)))
    assert project
    return project.name


def move(old: Path, new: Path) -> Path:
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(old, new)
    return new


def folder_findings(home: Path, folder: Path | None = None) -> list[doctor.Finding]:
    settings = Settings(home, home.parent / "claude")
    findings = doctor.examine(settings, lambda settings: Store.at_folder(settings.home), [], folder)
    return [finding for finding in findings if finding.check == "folders"]


def listed_projects(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    capsys.readouterr()
    assert main(["project", "list", "--json"]) == 0
    return [(item["name"], item["sessions"]) for item in json.loads(capsys.readouterr().out)]


def test_a_command_in_the_new_folder_says_where_the_project_was(
    home: Path, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_session(home, old, "Sell beans")
    run_session(home, create_repository(tmp_path / "other", "Another beginning"), "Write a letter")
    new = move(old, tmp_path / "new place" / "kopi")
    (new / "src").mkdir()
    monkeypatch.chdir(new / "src")
    capsys.readouterr()
    assert main(["handoff"]) == 2
    command = f"onward project remap '{new}' kopi"
    assert f"{new} looks like the project kopi, which was at {old}. To update its folder: {command}" in capsys.readouterr().err
    [finding] = folder_findings(home, new / "src")
    assert (finding.status, str(finding.hint)) == ("warning", f"Update the project's folder: {command}")
    assert main(["project", "remap", str(new), "kopi"]) == 0
    assert f"New sessions in {new} belong to it." in capsys.readouterr().out
    assert main(["handoff"]) == 0
    assert "Sell beans" in capsys.readouterr().out
    assert [finding.status for finding in folder_findings(home, new)] == ["ok"]


def test_a_project_that_a_session_made_there_is_merged(home: Path, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_session(home, old, "Sell beans") == "kopi"
    new = move(old, tmp_path / "shops" / "kopi-shop")
    assert run_session(home, new, "Sell tea") == "kopi-shop"
    with Store.at_folder(home) as store:
        assert list_moved_folders(store) == [MovedFolder("kopi", str(old), str(new))]
    [finding] = folder_findings(home)
    assert finding.status == "warning"
    assert main(["project", "remap", str(new), "kopi"]) == 0
    assert listed_projects(capsys) == [("kopi", 2)]
    assert [finding.status for finding in folder_findings(home)] == ["ok"]
    assert run_session(home, new, "Sell cups") == "kopi"


def test_merging_the_projects_by_name_mends_it_too(home: Path, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_session(home, old, "Sell beans")
    new = move(old, tmp_path / "tea")
    run_session(home, new, "Sell tea")
    assert main(["project", "remap", "tea", "kopi"]) == 0
    assert listed_projects(capsys) == [("kopi", 2)]
    assert [finding.status for finding in folder_findings(home, new)] == ["ok"]
    assert run_session(home, new, "Sell cups") == "kopi"


def test_the_vanished_folder_is_a_name_for_what_ran_in_it(
    home: Path, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_session(home, old, "Sell beans")
    new = move(old, tmp_path / "tea")
    run_session(home, new, "Sell tea")
    monkeypatch.chdir(new)
    assert main(["project", "remap", "../old/kopi", "tea"]) == 0
    assert listed_projects(capsys) == [("tea", 2)]
    assert run_session(home, old, "Sell cups") == "tea"


def test_the_address_recognises_it_without_a_command(home: Path, old: Path, tmp_path: Path) -> None:
    git(old, "remote", "add", "origin", "https://example.com/ayu/kopi.git")
    run_session(home, old, "Sell beans")
    new = move(old, tmp_path / "tea")
    assert [finding.status for finding in folder_findings(home, new)] == ["ok"]
    assert run_session(home, new, "Sell tea") == "kopi"
    with Store.at_folder(home) as store:
        assert projects.resolve(store, "kopi").root == str(new)


def test_the_settings_file_recognises_it_without_a_command(home: Path, old: Path, tmp_path: Path) -> None:
    (old / ".onward.toml").write_text('project = "coffee"\n')
    assert run_session(home, old, "Sell beans") == "coffee"
    new = move(old, tmp_path / "tea")
    assert run_session(home, new, "Sell tea") == "coffee"
    assert [finding.status for finding in folder_findings(home, new)] == ["ok"]


@pytest.mark.parametrize("case", ["a copy beside it", "another repository", "another address", "no repository", "no commit"])
def test_another_folder_is_not_taken_for_it(home: Path, old: Path, tmp_path: Path, case: str) -> None:
    if case == "another address":
        git(old, "remote", "add", "origin", "https://example.com/ayu/kopi.git")
    run_session(home, old, "Sell beans")
    new = tmp_path / "tea"
    if case == "a copy beside it":
        shutil.copytree(old, new)
    elif case == "another address":
        git(move(old, new), "remote", "set-url", "origin", "https://example.com/sari/kopi.git")
    else:
        shutil.rmtree(old)
        new.mkdir()
        if case != "no repository":
            git(new, "init", "--quiet")
        if case == "another repository":
            git(new, "commit", "--quiet", "--allow-empty", "-m", "Another beginning")
    with Store.at_folder(home) as store:
        assert find_moved_folder(store, str(new)) is None
        if case == "another repository":
            projects.create(store, "letters")
            with pytest.raises(NotFound, match="not clear") as refused:
                projects.resolve(store, folder=new)
            assert str(refused.value.hint).startswith("Choose one")

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app.repository import git_changes
from onward.app.repository.git import changes_since, find_repository, normalize_remote

BEFORE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def git(folder: Path, *arguments: str, at: datetime = BEFORE) -> None:
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "HOME": str(folder),
        "GIT_AUTHOR_NAME": "Ayu",
        "GIT_AUTHOR_EMAIL": "ayu@example.com",
        "GIT_COMMITTER_NAME": "Ayu",
        "GIT_COMMITTER_EMAIL": "ayu@example.com",
        "GIT_AUTHOR_DATE": at.isoformat(),
        "GIT_COMMITTER_DATE": at.isoformat(),
    }
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "kopi"
    (folder / "src").mkdir(parents=True)
    for name in ("src/cart.py", "src/price.py"):
        (folder / name).write_text("stock = 1\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Begin")
    return folder


def test_nothing_changed(repository: Path) -> None:
    change = changes_since(repository, BEFORE + timedelta(minutes=1), ["src/cart.py", "src/price.py"])
    assert change is not None
    assert (change.branch, change.commits, change.missing_files, change.changed_count) == ("main", (), (), 0)
    assert change.sentence() == "On `main`; no new commits; all files named here exist."


def test_commits_branch_changes_and_files_gone(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "feat/checkout")
    git(repository, "rm", "--quiet", "src/price.py")
    git(repository, "commit", "--quiet", "-m", "Drop the price list", at=BEFORE + timedelta(hours=2))
    (repository / "src/cart.py").write_text("stock = 2\n")
    change = changes_since(repository / "src", BEFORE + timedelta(hours=1), ["src/cart.py", "src/price.py", "cart.py"])
    assert change is not None
    assert change.sentence() == (
        "On `feat/checkout`; 1 new commit (`Drop the price list`); 1 file changed and not committed; no longer there: `src/price.py`."
    )


def test_absolute_paths_count_only_inside_the_repository(repository: Path) -> None:
    change = changes_since(repository, BEFORE, [str(repository / "src/lost.py"), "/elsewhere/on/another/machine.py"])
    assert change is not None
    assert change.missing_files == (str(repository / "src/lost.py"),)


def test_many_commits_are_counted_and_three_are_named(repository: Path) -> None:
    for number in range(5):
        git(repository, "commit", "--quiet", "--allow-empty", "-m", f"Step {number}", at=BEFORE + timedelta(hours=1, minutes=number))
    change = changes_since(repository, BEFORE + timedelta(minutes=30))
    assert change is not None
    assert "5 new commits (`Step 4`, `Step 3`, `Step 2`, …)" in change.sentence()


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    change = changes_since(repository, BEFORE)
    assert change is not None
    assert change.branch == ""
    assert change.sentence().startswith("On no branch (detached head); ")


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    change = changes_since(tmp_path, BEFORE)
    assert change is not None
    assert (change.branch, change.commits) == ("trunk", ())


def test_without_a_repository_there_is_no_change_line(tmp_path: Path) -> None:
    assert changes_since(tmp_path, BEFORE) is None
    assert changes_since(tmp_path / "absent", BEFORE) is None


def test_without_git_there_is_no_change_line(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository / "empty"))
    assert changes_since(repository, BEFORE) is None


def test_a_place_is_the_repository_and_its_address(repository: Path) -> None:
    assert find_repository(repository / "src") == (str(repository), "")
    git(repository, "remote", "add", "origin", "git@example.com:ayu/kopi.git")
    assert find_repository(repository / "src") == (str(repository), "example.com/ayu/kopi")


def test_worktrees_are_one_place(repository: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "other", str(repository.parent / "kopi-other"))
    assert find_repository(repository.parent / "kopi-other") == (str(repository), "")


def test_without_a_repository_the_place_is_the_folder(tmp_path: Path) -> None:
    assert find_repository(tmp_path) == (str(tmp_path), "")


@pytest.mark.parametrize(
    "remote",
    [
        "https://example.com/ayu/kopi.git",
        "https://ayu:word@Example.com/ayu/kopi",
        "ssh://git@example.com/ayu/kopi.git/",
        "git@example.com:ayu/kopi.git",
        "example.com:ayu/kopi",
        "git://example.com/ayu/kopi\n",
    ],
)
def test_one_repository_has_one_address(remote: str) -> None:
    assert normalize_remote(remote) == "example.com/ayu/kopi"


@pytest.mark.parametrize(
    ("remote", "known_as"), [("", ""), ("/srv/git/kopi.git", "/srv/git/kopi"), ("https://example.com:8443/kopi", "example.com:8443/kopi")]
)
def test_other_addresses(remote: str, known_as: str) -> None:
    assert normalize_remote(remote) == known_as


def test_of_commits_that_git_did_not_list_in_time_nothing_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_start = git_changes.start_git

    def start_late(folder: str, *arguments: str) -> subprocess.Popen[bytes] | None:
        if arguments[0] != "log":
            return real_start(folder, *arguments)
        return subprocess.Popen(["sleep", "30"], stdout=subprocess.PIPE)

    monkeypatch.setattr(git_changes, "start_git", start_late)
    monkeypatch.setattr(git_changes, "TIMEOUT_SECONDS", 0.5)
    change = changes_since(repository, BEFORE + timedelta(minutes=1), ["src/cart.py"])
    assert change is not None
    assert change.sentence() == "On `main`; all files named here exist."

"""The project of a session: from its settings file, its repository or its folder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import pytest

from onward.app.projects import projects
from onward.app.repository.detection import real_folder
from onward.app.repository.origin import Origin
from onward.app.repository.project_clues import session_origin
from onward.core.transcript.transcript import SessionHead
from onward.errors import BadSetting
from onward.store import Store


def session_head_in(folder: Path | str, remote: str = "") -> SessionHead:
    return SessionHead("codex", cwd=str(folder), remote=remote)


def repository(folder: Path, remote: str = "") -> Path:
    folder.mkdir(parents=True)
    git = ["git", "-C", str(folder), "-c", "user.name=Ayu", "-c", "user.email=ayu@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "begin"], check=True)
    if remote:
        subprocess.run([*git, "remote", "add", "origin", remote], check=True)
    return folder


def test_the_nearest_settings_file_wins(tmp_path: Path) -> None:
    mono = repository(tmp_path / "mono", "git@example.com:ayu/mono.git")
    (mono / ".onward.toml").write_text('project = "whole"\n')
    (mono / "packages" / "api").mkdir(parents=True)
    (mono / "packages" / "api" / ".onward.toml").write_text('project = "api"\n')
    results = [session_origin(session_head_in(folder), None) for folder in (mono / "packages" / "api", mono / "packages")]
    assert [result and result.default_name for result in results] == ["api", "whole"]
    (mono / ".onward.toml").write_text("project = 7\n")
    with pytest.raises(BadSetting):
        session_origin(session_head_in(mono), None)


def test_worktrees_are_together_or_apart(tmp_path: Path) -> None:
    main = repository(tmp_path / "kopi", "git@example.com:ayu/kopi.git")
    subprocess.run(["git", "-C", str(main), "worktree", "add", "-q", str(tmp_path / "till")], check=True)
    address = "example.com/ayu/kopi"
    tree = tmp_path / "till"
    assert session_origin(session_head_in(tree), None) == Origin("", str(main), address, str(tree))
    # The address reported by the agent would join worktrees that the user keeps apart.
    assert session_origin(session_head_in(tree, address), None, "apart") == Origin("", str(tree), "", str(tree))
    assert session_origin(session_head_in(main), None, "apart") == Origin("", str(main), address, str(main))


def test_a_folder_that_is_gone_belongs_to_the_repository_around_it(tmp_path: Path) -> None:
    main = repository(tmp_path / "kopi")
    deleted_worktree = main / ".worktrees" / "till"
    assert session_origin(session_head_in(deleted_worktree), None) == Origin("", str(main), "", str(deleted_worktree))
    other_folder = tmp_path / "gone"
    assert session_origin(session_head_in(other_folder), None) == Origin("", str(other_folder), "", str(other_folder))


@pytest.mark.parametrize("cwd", [r"C:\Users\ayu\kopi", "c:/Users/ayu/kopi/"])
def test_a_windows_folder_is_named_by_its_last_part(cwd: str) -> None:
    result = session_origin(session_head_in(cwd), None)
    assert result is not None
    assert (result.root, result.default_name) == (r"C:\Users\ayu\kopi", "kopi")


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("kedai/chat.md", "kedai"),
        ("kedai/.specstory/history/2026.md", "kedai"),
        ("agent/kedai/agent-transcripts/a1/a1.jsonl", "agent/kedai"),
        ("agent/chats/0f343b0931126a20f133d67c2b018a3b/5b1e7c1a/store.db", "agent/chats/0f343b0931126a20f133d67c2b018a3b"),
        ("agent/tasks/1768439999/api_conversation_history.json", "agent"),
        ("agent/session-state/5b1e7c1a-0d7e-4b7e-9a53-2f6b8c4d1e00/events.jsonl", "agent"),
    ],
)
def test_a_session_without_a_folder_belongs_where_its_file_lies(tmp_path: Path, file: str, folder: str) -> None:
    result = session_origin(SessionHead("pasted"), tmp_path / file)
    assert result is not None
    assert result.root == str(tmp_path / folder)


@pytest.mark.parametrize(
    "file",
    [
        ".hermes/sessions/20261014_080000_5a3e2f.jsonl",
        ".codex/sessions/2026/10/14/rollout-a.jsonl",
        ".pi/agent/sessions/a.jsonl",
        ".cline/data/tasks/1768439999/api_conversation_history.json",
        ".kiro/sessions/cli/a.jsonl",
    ],
)
def test_no_project_is_named_after_an_agents_own_folder(tmp_path: Path, file: str) -> None:
    assert session_origin(SessionHead("hermes"), tmp_path / file) is None
    main = repository(tmp_path / "kopi")
    in_repository = session_origin(SessionHead("hermes"), main / file)
    assert in_repository is not None
    assert in_repository.root == str(main)


def test_encoded_folder_names_of_agents_are_decoded(tmp_path: Path) -> None:
    shop = tmp_path / "code" / "kopi.shop"
    shop.mkdir(parents=True)
    slug = "-".join(str(shop).replace(".", "-").replace("_", "-").strip("/").split("/"))
    result = session_origin(SessionHead("cursor"), tmp_path / ".cursor/projects" / slug / "agent-transcripts/a.jsonl")
    assert result is not None
    assert result.root == str(shop)
    gemini = tmp_path / ".gemini"
    gemini.mkdir()
    (gemini / "projects.json").write_text(json.dumps({"projects": {str(shop): "kopi", "/elsewhere/till": "till"}}))
    for name in ("kopi", sha256(str(shop).encode()).hexdigest()):
        result = session_origin(SessionHead("gemini"), gemini / "tmp" / name / "chats" / "session-1.json")
        assert result is not None
        assert result.root == str(shop)


def test_a_stream_belongs_to_no_project() -> None:
    assert session_origin(SessionHead("pasted"), None) is None


def test_folders_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    with Store.at_folder(tmp_path / "home") as store:
        heads = [
            session_head_in("/home/a/kopi", "git@example.com:a/kopi"),
            session_head_in("/home/b/kopi", "git@example.com:b/kopi"),
            session_head_in("/home/c/kopi"),
        ]
        project_list = [projects.ensure_for_session(store, head) for head in heads]
        assert [project and project.name for project in project_list] == ["kopi", "kopi-2", "kopi-3"]
        assert [projects.ensure_for_session(store, head) for head in heads] == project_list


def test_a_project_learns_its_address(tmp_path: Path) -> None:
    with Store.at_folder(tmp_path / "home") as store:
        first = projects.ensure_for_session(store, session_head_in("/home/a/kopi"))
        again = projects.ensure_for_session(store, session_head_in("/home/a/kopi", "git@example.com:a/kopi"))
        elsewhere = projects.ensure_for_session(store, session_head_in(r"D:\code\kopi", "https://example.com/a/kopi.git"))
    assert first is not None
    assert again is not None
    assert elsewhere is not None
    assert first.id == again.id == elsewhere.id


def test_several_that_bring_in_a_new_project_at_once_make_one(open_again: Callable[[], Store], tmp_path: Path) -> None:
    folders = [repository(tmp_path / f"kopi-{number}") for number in range(8)]
    together = Barrier(4)

    def bring_in(place: int) -> set[int]:
        ids = set()
        with open_again() as store:
            for number, folder in enumerate(folders):
                together.wait(30)
                project = (
                    projects.ensure_for_session(store, session_head_in(folder))
                    if (place + number) % 2
                    else projects.resolve_origin(store, Origin("", str(folder), "", str(folder)), create=True)
                )
                assert project
                ids.add(project.id)
        return ids

    with ThreadPoolExecutor(4) as pool:
        assert len(set().union(*pool.map(bring_in, range(4)))) == len(folders)
    with open_again() as store:
        assert [line.project.name for line in projects.list_projects(store)] == [folder.name for folder in folders]


def test_one_folder_under_several_names_is_one_project(tmp_path: Path) -> None:
    """A link, decomposed letters, a Windows drive in Linux and a Linux folder in Windows all name a folder that has another name too."""
    folder = tmp_path / "real" / "café"
    folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    names = [str(folder), str(tmp_path / "link" / "café"), str(tmp_path / "gone" / ".." / "real" / "cafe\u0301")]
    origins = [session_origin(SessionHead("codex", cwd=name), None) for name in names]
    assert {origin.root for origin in origins if origin} == {str(folder)}
    assert {origin.cwd for origin in origins if origin} == {str(folder)}
    drive = ["Q:\\kopi", "q:/kopi/", "/mnt/q/kopi", "\\\\wsl.localhost\\Debian\\mnt\\q\\kopi", "/cygdrive/q/kopi", "/cygdrive/Q/kopi/"]
    assert {origin.root for name in drive if (origin := session_origin(SessionHead("codex", cwd=name), None))} == {"Q:\\kopi"}
    linux = ["/opt/kopi", "\\\\wsl$\\Debian\\opt\\kopi", "//wsl.localhost/Debian/opt/kopi/"]
    assert {origin.root for name in linux if (origin := session_origin(SessionHead("codex", cwd=name), None))} == {"/opt/kopi"}


@pytest.mark.parametrize(("is_windows", "root"), [(True, "Q:\\kopi"), (False, "/q/kopi")])
def test_a_folder_as_git_bash_names_it_is_on_a_drive_in_windows(monkeypatch: pytest.MonkeyPatch, is_windows: bool, root: str) -> None:
    monkeypatch.setattr("onward.app.repository.detection._IS_WINDOWS", is_windows)
    assert real_folder("/q/kopi") == root
    assert real_folder("/cygdrive/q/kopi") == real_folder("Q:\\kopi") == "Q:\\kopi"

"""What Onward makes is its user's alone, whatever the umask and the mode of the data folder."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from onward import private_files, samples
from onward.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder that everybody may use."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    return home


def run(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `onward` under an umask that takes nothing away."""
    environment = {**os.environ, "ONWARD_HOME": str(home), "HOME": str(home.parent)}
    command = [sys.executable, "-m", "onward", *arguments]
    return subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, umask=0, check=False, timeout=300)


def open_paths(home: Path) -> list[str]:
    """Return what another user could read in the data folder."""
    return [str(path) for path in home.rglob("*") if stat.S_IMODE(path.lstat().st_mode) & 0o077]


@pytest.mark.slow
def test_everything_that_commands_make_is_the_users_alone(home: Path, tmp_path: Path) -> None:
    for number, path in enumerate(samples.write(tmp_path / "samples")):
        assert run(home, "import", str(path), "--project", "kopi", *(["--complete"] if number else [])).returncode == 0
    hook = {"session_id": "s-1", "cwd": str(tmp_path), "hook_event_name": "SessionStart", "transcript_path": str(tmp_path / "none.jsonl")}
    run(home, "hook", "session-start", "--agent", "claude-code", stdin=json.dumps(hook))
    copy, archive = tmp_path / "copy.db", tmp_path / "kopi.zip"
    assert run(home, "backup", str(copy)).returncode == 0
    assert run(home, "project", "export", "kopi", str(archive)).returncode == 0
    assert run(home, "restore", str(copy), "--force").returncode == 0
    assert run(home, "install", "claude-code").returncode == 0
    assert (home / "hooks").is_dir()
    assert open_paths(home) == []
    assert [oct(stat.S_IMODE(path.stat().st_mode)) for path in (copy, archive)] == ["0o600", "0o600"]
    fresh = tmp_path / "fresh" / "deeper"
    assert run(fresh, "project", "new", "kopi").returncode == 0
    assert [stat.S_IMODE(path.stat().st_mode) for path in (fresh, fresh.parent)] == [0o700, 0o700]


@pytest.mark.slow
def test_a_store_that_others_could_read_is_closed_and_that_is_told(home: Path) -> None:
    run(home, "project", "new", "kopi")
    foreign_file = home / "notes.txt"
    foreign_file.write_text("not Onward's")
    foreign_file.chmod(0o644)
    (home / "onward.db").chmod(0o666)
    listed = run(home, "project", "list")
    assert "Other users of this machine could read" in listed.stderr
    assert open_paths(home) == [str(foreign_file)]
    assert "Other users" not in run(home, "project", "list").stderr
    (home / "hooks").mkdir(mode=0o755, exist_ok=True)
    (home / "hooks").chmod(0o755)
    assert "other users of this machine could read 1 files and folders" in run(home, "doctor").stdout
    assert "only you can read the data folder" in run(home, "doctor").stdout


def test_the_data_folder_is_closed_where_nothing_else_is_in_it(home: Path) -> None:
    Store.at_folder(home).close()
    assert private_files.close_to_others(home) == [str(home)]
    home.chmod(0o755)
    (home / "photos").mkdir()
    assert private_files.close_to_others(home) == []
    assert stat.S_IMODE(home.stat().st_mode) == 0o755


def test_a_link_is_not_followed(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.txt"
    target.write_text("x")
    target.chmod(0o644)
    (home / "onward.toml").symlink_to(target)
    private_files.close_to_others(home)
    assert stat.S_IMODE(target.stat().st_mode) == 0o644

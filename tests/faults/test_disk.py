"""A full disk, a read-only store, a damaged database: a clear error whose advice fixes it."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import PROJECT, Onward, ReferenceStore, stored_state

pytestmark = pytest.mark.slow

CAP_DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24


def limit_file_size(size_bytes: int) -> None:
    """Limit the size of files of this process, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


def drop_privileges() -> None:
    """Make file permissions hold for root too."""
    if os.geteuid() == 0:
        ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def assert_plain_error(err: str) -> None:
    """A failure is one sentence and its advice, never a traceback."""
    assert err.strip()
    assert "Traceback" not in err
    assert len(err) < 2_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs file size limits")
@pytest.mark.parametrize("room_kb", [1, 160, 900])
def test_a_full_disk_loses_nothing_that_was_kept(sessions: Path, tmp_path: Path, reference_store: ReferenceStore, room_kb: int) -> None:
    full = Onward(tmp_path / "full", limits=lambda: limit_file_size(room_kb * 1_024))
    failed = full.import_all(sessions)
    assert failed.returncode == 1
    assert_plain_error(failed.stderr)
    again = Onward(full.home).import_all(sessions)
    assert again.returncode == 0, again.stderr
    assert stored_state(full.database) == reference_store.state


_ON_A_SMALL_DISK = """
set -u
mount -t tmpfs -o size="$1" tmpfs "$2" || exit 77
shift 2
"$@" 2> err; echo $? > code
cat err > "$OUT/full.err"; cp code "$OUT/full.code"
mount -o remount,size=200m "$ONWARD_HOME" && "$@" > "$OUT/again.out" 2>&1; echo $? > "$OUT/again.code"
cp "$ONWARD_HOME"/onward.db* "$OUT"
"""
"""Run a command in a namespace with a disk of this size, and again after enlarging it."""


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("unshare"), reason="needs a disk of its own")
@pytest.mark.parametrize("room", ["100k", "700k"])
def test_a_disk_that_fills_up_loses_nothing_that_was_kept(
    sessions: Path, tmp_path: Path, reference_store: ReferenceStore, room: str
) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    out.mkdir()
    command = (sys.executable, "-m", "onward", "import", str(sessions), "--project", PROJECT, "--complete")
    environment = {**os.environ, "ONWARD_HOME": str(home), "OUT": str(out)}
    script = ("unshare", "-rm", "sh", "-c", _ON_A_SMALL_DISK, "sh", room, str(home), *command)
    answer = subprocess.run(script, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    if answer.returncode == 77 or "unshare failed" in answer.stderr:
        pytest.skip("mounting a file system is not permitted")
    full = (out / "full.err").read_text()
    assert (out / "full.code").read_text() == "1\n", full
    assert_plain_error(full)
    assert "no disk space left" in full
    assert (out / "again.code").read_text() == "0\n", (out / "again.out").read_text()
    assert stored_state(out / "onward.db") == reference_store.state


@pytest.mark.skipif(sys.platform != "linux", reason="drops privileges as Linux does")
def test_a_store_that_may_not_be_written_says_so_and_stays_as_it_is(
    sessions: Path, tmp_path: Path, reference_store: ReferenceStore
) -> None:
    onward = reference_store.copy(tmp_path / "home")
    before = onward.database.read_bytes()
    for path in onward.home.iterdir():
        path.chmod(0o400)
    onward.home.chmod(0o500)
    try:
        failed = Onward(onward.home, limits=drop_privileges).import_all(sessions)
        assert failed.returncode == 1
        assert_plain_error(failed.stderr)
        assert onward.database.read_bytes() == before
    finally:
        onward.home.chmod(0o700)
        for path in onward.home.iterdir():
            path.chmod(0o600)
    assert onward.import_all(sessions).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="drops privileges as Linux does")
def test_a_read_only_home_can_be_read_and_writing_is_refused_clearly(tmp_path: Path, reference_store: ReferenceStore) -> None:
    writable = reference_store.copy(tmp_path / "home")
    expected = writable.run("handoff", "--project", PROJECT).stdout
    for path in writable.home.iterdir():
        path.chmod(0o400)
    writable.home.chmod(0o500)
    onward = Onward(writable.home, limits=drop_privileges)
    try:
        assert PROJECT in onward.run("project", "list").stdout
        assert onward.run("handoff", "--project", PROJECT).stdout == expected
        assert "[s" in onward.run("search", "port").stdout
        checkup = onward.run("doctor").stdout
        assert "the data folder is read-only" in checkup
        assert "the index is damaged" not in checkup
        assert onward.run("backup", str(tmp_path / "copy.db")).returncode == 0
        for command in (("session", "start", "--project", PROJECT), ("project", "archive", PROJECT), ("sweep",), ("rebuild", "--index")):
            refused = onward.run(*command)
            assert refused.returncode in (1, 2), command
            assert_plain_error(refused.stderr)
            assert "may not write" in refused.stderr or "no access" in refused.stderr
    finally:
        onward.home.chmod(0o700)


@pytest.mark.parametrize("damage", ["not a database", "header", "middle", "cut"])
def test_a_damaged_store_says_so_in_every_command(sessions: Path, tmp_path: Path, reference_store: ReferenceStore, damage: str) -> None:
    onward = reference_store.copy(tmp_path / "home")
    whole = onward.database.read_bytes()
    damaged = {
        "not a database": b"This was a database once.\n" * 400,
        "header": b"\0" * 100 + whole[100:],
        "middle": whole[:4_096] + os.urandom(len(whole) - 8_192) + whole[-4_096:],
        "cut": whole[: len(whole) // 3],
    }[damage]
    onward.database.write_bytes(damaged)
    for command in (
        ("handoff", "--project", "shop"),
        ("import", str(sessions), "--project", "shop", "--complete"),
        ("session", "list", "--project", "shop"),
    ):
        failed = onward.run(*command)
        assert failed.returncode == 1, failed.stdout
        assert_plain_error(failed.stderr)
    assert onward.run("doctor").returncode == 1
    onward.database.write_bytes(whole)
    for leftover in onward.home.glob("*-wal"):
        leftover.unlink()
    assert onward.run("handoff", "--project", "shop").returncode == 0

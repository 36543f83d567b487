"""Reading without SQLAlchemy: the same rows on each database, one snapshot, and commands that do not import it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from onward.app.projects import projects as project_cases
from onward.app.sessions import completion, sessions
from onward.app.turns import client_turns
from onward.core.transcript.transcript import Turn
from onward.store import Store, projects
from onward.store.schema import projects as projects_table
from onward.store.statements import Query


def test_a_list_fills_its_parameter_and_may_be_empty(store: Store) -> None:
    ids = [project_cases.create(store, name).id for name in ("kopi", "teh", "air")]
    query = Query("SELECT name FROM projects WHERE id IN :ids AND status = :status ORDER BY name")
    with store.read() as connection:
        assert [row.name for row in query.all(connection, ids=ids[:2], status="active")] == ["kopi", "teh"]
        assert query.all(connection, ids=[], status="active") == []
        assert Query("SELECT id FROM projects WHERE name IN :names").all(connection, names=[]) == []
        assert [row.name for row in query.stream(connection, ids=ids, status="active")] == ["air", "kopi", "teh"]


def test_what_needs_sqlalchemy_reads_the_same_snapshot(open_again: Callable[[], Store]) -> None:
    with open_again() as first:
        project_cases.create(first, "kopi")
    with open_again() as reading, open_again() as writing:
        with reading.read() as connection:
            assert [project.name for project in projects.list_projects(connection)] == ["kopi"]
            project_cases.create(writing, "teh")
            assert connection.execute(select(func.count()).select_from(projects_table)).scalar_one() == 1
        with reading.read() as connection:
            assert connection.execute(select(func.count()).select_from(projects_table)).scalar_one() == 2


def test_commands_that_read_do_not_import_sqlalchemy(home: Path) -> None:
    with Store.at_folder(home) as store:
        project = project_cases.create(store, "kopi")
        session = sessions.start(store, project).session
        client_turns.append_turns(store, session.id, [Turn("user", "Always use port 8443 for the printer."), Turn("assistant", "Noted.")])
        completion.complete(store, sessions.require_by_id(store, session.id))
    commands = [
        ["project", "list"],
        *([*words, "--project", "kopi"] for words in (["session", "list"], ["handoff"], ["search", "printer"])),
    ]
    program = (
        "import json, sys; from onward.cli.main import main\n"
        f"for arguments in json.loads({json.dumps(json.dumps(commands))}): assert main(arguments) == 0\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('sqlalchemy', 'alembic', 'pydantic')))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, "ONWARD_HOME": str(home)}
    )
    assert answer.stdout.count("8443") == 3, answer.stdout
    assert answer.stdout.endswith("[]\n")

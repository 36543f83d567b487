"""`distill F1 … Fn` gives the same bytes as importing and completing F1 … Fn one by one, whatever else is imported between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from onward.app.admin import ledger_rebuild
from onward.app.handoffs import handoffs
from onward.app.handoffs.distillation import distill_files
from onward.app.projects import projects
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts import imports
from onward.core.handoff.document import render
from onward.redact import DISTILL_KEY
from onward.store import Store

MORNING = datetime(2026, 3, 1, 9, tzinfo=UTC)
TOKEN = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"
WORDS = [
    "Always run the tests before you push.",
    "continue",
    "I decided to use Redis for the cart, because Postgres was too slow under load.",
    "Use PostgreSQL instead of Redis for the cart from now on.",
    f"The deploy token is {TOKEN}; never print it.",
    "Done: src/cart.py sums in cents now. Next: run `make deploy` and watch port 8443.",
    "Blocked: the mail server at smtp.example.com:2525 refuses us.",
    "Jangan pernah mengubah berkas migrasi lama.",
]

times = st.none() | st.integers(0, 20)
turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant"]), "content": st.sampled_from(WORDS)},
    optional={
        "id": st.integers(0, 9).map("turn-{}".format),
        "timestamp": st.integers(0, 20).map(lambda minutes: (MORNING + timedelta(minutes=minutes)).isoformat()),
    },
)
# A session with an id may continue in another file; one without an id is recognised by its first turns.
sessions = st.fixed_dictionaries({"messages": st.lists(turns, min_size=1, max_size=8)}, optional={"id": st.sampled_from(["one", "two"])})


def _write_sessions(folder: Path, everything: Sequence[object]) -> list[Path]:
    files = [folder / f"{number}.json" for number in range(len(everything))]
    for file, session in zip(files, everything, strict=True):
        file.write_text(json.dumps([session]), "utf-8")
    return files


@pytest.fixture(autouse=True, scope="module")
def same_key() -> Iterator[None]:
    """Placeholders depend on the key of a project; here all projects get the key of `distill`, so that documents can be compared byte for
    byte.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("onward.store.projects.token_bytes", lambda _: DISTILL_KEY)
        yield


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate])
@given(everything=st.lists(sessions, min_size=1, max_size=5), between=st.lists(sessions, max_size=2))
def test_distilling_is_importing_and_completing(everything: list[object], between: list[object]) -> None:
    with TemporaryDirectory() as folder, Store.at_folder(Path(folder) / "home") as store:
        files = _write_sessions(Path(folder), everything)
        (Path(folder) / "other").mkdir()
        other_files = _write_sessions(Path(folder) / "other", between)
        shop, other = projects.create(store, "shop"), projects.create(store, "other")
        for file in files:
            imports.import_paths(store, [file], project=shop, complete=True)
            imports.import_paths(store, [*other_files, file], project=other, complete=True)
        distilled, reports = distill_files(files)
        completed = handoffs.current_handoff(store, shop)
        assert completed.markdown == render(distilled.handoff)
        assert completed.preservation == distilled.preservation
        assert TOKEN not in completed.markdown
        rebuilt = ledger_rebuild.rebuild(store, shop).handoff
        assert rebuilt is not None
        assert rebuilt.markdown == completed.markdown
        assert [report.malformed_count for report in reports] == [0] * len(files)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=list(HealthCheck), derandomize=True, phases=[Phase.generate])
@given(everything=st.lists(sessions, min_size=2, max_size=4), data=st.data())
def test_the_order_of_completing_changes_nothing(everything: list[object], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder, Store.at_folder(Path(folder) / "home") as store:
        files = _write_sessions(Path(folder), everything)
        in_turn, shuffled = projects.create(store, "in turn"), projects.create(store, "shuffled")
        for project in (in_turn, shuffled):
            for file in files:
                imports.import_paths(store, [file], project=project)
        numbers = [session.number for session in sittings.list_sessions(store, in_turn)]
        for project, order in ((in_turn, numbers), (shuffled, data.draw(st.permutations(numbers)))):
            for number in order:
                completion.complete(store, sittings.require(store, project, number))
        assert handoffs.current_handoff(store, in_turn).markdown == handoffs.current_handoff(store, shuffled).markdown

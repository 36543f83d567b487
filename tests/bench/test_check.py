"""The check of watched figures: what grew, what is met, and what is written down as accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.budget_figures import Measurement

from bench import check, minimal_server
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.store import Store

BUDGET = """
["session start"]
most = 15
accepted = 20
instructions = 40

["API share, save 1 turn"]
least = 0.6
accepted = 0.5

["search page, CPU ms"]
most = 40
"""


def test_a_figure_that_is_a_tenth_worse_has_grown() -> None:
    figures = check.read_budget(BUDGET)
    measured = [
        Measurement("session start", 14.0, 44.4),
        Measurement("API share, save 1 turn", 0.45),
        Measurement("search page, CPU ms", 80.0),
    ]
    rows, grown = check.judge(figures, measured)
    # The instructions count where both runs have them, whatever the time was.
    assert grown == ["session start", "API share, save 1 turn"]
    assert [row[3] for row in rows] == ["met", "missed", "missed"]
    assert [row[-1] for row in rows] == ["+11% GREW", "+11% GREW", ""]
    assert check.judge(figures, [Measurement("session start", 21.0), Measurement("API share, save 1 turn", 0.46)])[1] == []


def test_a_figure_without_a_goal_is_refused() -> None:
    with pytest.raises(SystemExit, match="no goal for frob"):
        check.judge(check.read_budget(BUDGET), [Measurement("frob", 1.0)])


def test_what_is_accepted_is_read_again() -> None:
    figures = check.read_budget(BUDGET)
    figures["search page, CPU ms"] = figures["search page, CPU ms"].accept(Measurement("search page, CPU ms", 31.25))
    again = check.read_budget(check.write_budget(figures))
    assert again == figures
    assert again["search page, CPU ms"].accepted == 31.25


def test_the_budget_has_a_goal_for_each_row() -> None:
    figures = check.read_budget(check.BUDGET.read_text(encoding="utf-8"))
    assert len(figures) >= 30
    assert all(figure.goal > 0 for figure in figures.values())
    assert check.write_budget(figures) == check.BUDGET.read_text(encoding="utf-8")


def test_the_minimal_server_saves_into_a_store_of_this_version(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.at_folder(home) as store:
        sessions.start(store, projects.create(store, "kopi"))
    monkeypatch.setattr("sys.argv", ["minimal_server", str(home / "onward.db")])
    saved = minimal_server.save(minimal_server.Save(session_id=1, turns=[minimal_server.NewTurn(role="user", content="Never round.")]))
    assert (saved["data"]["new_turns"], saved["data"]["turn_count"]) == (1, 1)

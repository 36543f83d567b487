"""Rate limits, local addresses, and the `onward access` command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from onward.api.middleware.rate_limit import MAX_CALLERS, RateLimiter
from onward.cli.main import main
from onward.settings import Settings, is_loopback


def test_a_bucket_fills_again_and_never_runs_over() -> None:
    now = 0.0
    rate = RateLimiter(60, lambda: now)
    assert [rate.take("a") for _ in range(61)] == [0] * 60 + [1]
    assert rate.take("b") == 0
    now = 2.0
    assert [rate.take("a") for _ in range(3)] == [0, 0, 1]
    now = 10_000.0
    assert [rate.take("a") for _ in range(61)] == [0] * 60 + [1]


def test_repeated_requests_do_not_extend_the_wait() -> None:
    now = 0.0
    rate = RateLimiter(1, lambda: now)
    assert [rate.take("a"), rate.take("a")] == [0, 60]
    now = 59.0
    assert rate.take("a") == 1
    now = 60.0
    assert rate.take("a") == 0


def test_no_number_of_callers_fills_the_memory() -> None:
    rate = RateLimiter(1, lambda: 0.0)
    for number in range(MAX_CALLERS + 5):
        rate.take(str(number))
    assert len(rate._buckets) == MAX_CALLERS
    assert rate.take(str(MAX_CALLERS + 4))


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("203.0.113.7", False),
        ("::ffff:203.0.113.7", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_which_addresses_are_of_this_machine(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here
    assert Settings(Path(), Path(), host=host).is_exposed is not is_here


def test_tokens_are_given_out_listed_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        return main(["access", *arguments]), *capsys.readouterr()

    assert "onward access new" in run("list")[1]
    code, token, message = run("new", "laptop", "--scope", "read", "--expires", "3")
    assert code == 0
    assert token.startswith("onw_")
    assert len(token.split()) == 1
    assert "not shown again" in message
    code, listed, _ = run("list", "--json")
    (row,) = json.loads(listed)
    assert token.startswith(row["prefix"])
    assert token.strip() not in listed
    assert token.strip().encode() not in (tmp_path / "onward.db").read_bytes()
    assert run("new", "laptop")[0] == 1
    assert run("new", "12")[0] == 2
    assert run("revoke", "nobody")[0] == 2
    assert run("revoke", "laptop")[0] == 0
    assert "revoked" in run("list")[1]

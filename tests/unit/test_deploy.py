"""The files in deploy/ match the program: units and container file use existing commands and files."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from onward.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = ("onward.service", "onward-worker.service")
PROGRAM = "/opt/onward/bin/onward"
ONWARD_COMMAND = [sys.executable, "-m", "onward"]

pytestmark = pytest.mark.slow


def unit(name: str) -> ConfigParser:
    config = ConfigParser(interpolation=None, strict=False)
    config.optionxform = str  # type: ignore[assignment,method-assign]
    config.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    return config


def container() -> dict[str, list[str]]:
    """Return the arguments of each instruction of the container file, with continued lines joined."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    instructions: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, rest = line.split(maxsplit=1)
            instructions.setdefault(word, []).append(rest)
    return instructions


def start_process(command: list[str], home: Path, **more: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Return the running process and its startup message."""
    outer_environment = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    with (home.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--json"], env={**outer_environment, "ONWARD_HOME": str(home), **more}, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout
    line = process.stdout.readline()
    assert line, (home.parent / "log").read_text()
    report: dict[str, str] = json.loads(line)
    return process, report


def end_process(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(30)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_runs_as_it_is(name: str, tmp_path: Path) -> None:
    service = unit(name)["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == PROGRAM
    assert service["Environment"] == "ONWARD_HOME=%S/" + service["StateDirectory"]
    process, report = start_process([*ONWARD_COMMAND, *arguments], tmp_path / "home", ONWARD_PORT="0")
    assert report.get("url", "").startswith("http://127.0.0.1:") or report.get("worker") == "at work"
    assert end_process(process) in (0, -signal.SIGTERM)


def test_the_units_share_one_user_and_one_folder() -> None:
    server, worker = (unit(name)["Service"] for name in UNITS)
    assert {key: value for key, value in server.items() if key != "ExecStart"} == {
        key: value for key, value in worker.items() if key != "ExecStart"
    }


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    # systemd-analyze requires an existing program.
    text = (DEPLOY / name).read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
    (tmp_path / name).write_text(text, encoding="utf-8")
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_the_container_is_made_of_what_is_there() -> None:
    instructions = container()
    for line in instructions["COPY"]:
        for source in line.split()[:-1]:
            assert (DEPLOY.parent / source).exists(), source
    copied = {target for line in instructions["COPY"] for target in line.split()[:-1]}
    project = (DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8")
    needed = re.findall(r'(?m)^(?:readme = |license-files = \[)"([^"]+)"', project)
    assert len(needed) == 2
    assert set(needed) <= copied
    assert any("--require-hashes" in line for line in instructions["RUN"])
    assert instructions["USER"] == ["onward"]


def test_the_composed_services_are_a_database_a_server_and_a_worker() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = composed["services"]
    assert set(services) == {"database", "server", "worker"}
    for name in ("server", "worker"):
        service = services[name]
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert service["volumes"] == [f"onward:{container()['VOLUME'][0]}"]
        assert [
            setting for setting in service["environment"] if setting.removeprefix("ONWARD_").lower() not in Settings.__dataclass_fields__
        ] == []
        assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    # Only this machine reaches the server, and nobody reaches the database.
    assert services["server"]["ports"] == ["127.0.0.1:3000:3000"]
    assert "ports" not in services["database"]
    assert services["worker"]["command"] == ["worker"]
    # A password has no default.
    assert services["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${ONWARD_DATABASE_PASSWORD:?")


def test_the_container_starts_and_its_health_is_seen(tmp_path: Path) -> None:
    instructions = container()
    assert json.loads(instructions["ENTRYPOINT"][0]) == ["onward"]
    command = json.loads(instructions["CMD"][0])
    assert command[-2:] == ["--host", "0.0.0.0"]
    # Tests may not listen on all interfaces: the same on loopback.
    process, report = start_process([*ONWARD_COMMAND, *command[:-2]], tmp_path / "home", ONWARD_PORT="0")
    try:
        look = json.loads(instructions["HEALTHCHECK"][0].partition(" CMD ")[2])
        assert look[0] == "python"
        code = look[2].replace("http://127.0.0.1:3000", report["url"])
        assert code != look[2]
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    finally:
        end_process(process)
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 1

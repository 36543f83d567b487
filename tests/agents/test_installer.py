"""Installing changes an agent's settings, and uninstalling restores them byte for byte."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from onward.agents.installer import apply_changes, has_own_status_line, is_installed, plan_install, plan_uninstall
from onward.agents.jsonc import parse
from onward.agents.settings_entries import settings_files
from onward.agents.toml_server import add_server, remove_server
from onward.core.agents import HOOK_AGENT_IDS
from onward.errors import Conflict
from onward.settings import Machine

PROGRAM = "onward"

HOOKS = (
    '{\n    // my own\n    "theme": "dark",\n    "hooks": {\n        "SessionStart": [{"hooks": [{"type": "command", "command": '
    '"echo hi"}]}],\n    },\n}\n'
)
SERVERS = '{"numStartups": 41, "mcpServers": {"github": {"command": "gh-mcp"}}, "projects": {"/home/ayu/toko": {"history": []}}}'
TOML = 'model = "gpt" # the good one\n\n[mcp_servers.docs]\ncommand = "docs"\n\n# my profile\n[profiles.fast]\nmodel = "mini"\n'

BEFORE = {
    "claude-code": {".claude/settings.json": HOOKS, ".claude.json": SERVERS},
    "codex": {
        ".codex/hooks.json": '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}}',
        ".codex/config.toml": TOML,
    },
    "gemini-cli": {".gemini/settings.json": HOOKS},
    "cursor": {".cursor/hooks.json": '{\n  "version": 1,\n  "hooks": {"stop": [{"command": "./mine.sh"}]}\n}', ".cursor/mcp.json": SERVERS},
    "qwen-code": {".qwen/settings.json": HOOKS},
    # The files of hooks and plugins are Onward's own.
    "copilot": {".copilot/mcp-config.json": SERVERS},
    "cline": {".cline/data/settings/cline_mcp_settings.json": SERVERS},
    "opencode": {},
    "pi": {},
}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "ayu").mkdir()
    return Machine(tmp_path / "ayu", "linux")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "onward"


def lay_out(agent: str, machine: Machine) -> dict[Path, str]:
    files = {machine.home / name: text for name, text in BEFORE[agent].items()}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return files


def install(agent: str, machine: Machine, home: Path) -> int:
    changes = plan_install(agent, machine)
    apply_changes(agent, changes, home, is_install=True)
    return len(changes)


def uninstall(agent: str, machine: Machine, home: Path) -> None:
    apply_changes(agent, plan_uninstall(agent, machine, home), home, is_install=False)


def read_config(path: Path) -> dict[str, object]:
    text = path.read_text()
    return tomllib.loads(text) if path.suffix == ".toml" else dict(parse(text).value)


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_existing_settings_stay_and_installing_twice_changes_nothing(agent: str, machine: Machine, home: Path) -> None:
    files = lay_out(agent, machine)
    assert install(agent, machine, home) == len(settings_files(agent, machine))
    after = {path: path.read_bytes() for path in files}
    for path, text in files.items():
        # Every existing line stays except for commas; one-line JSON is compared by content.
        installed_text = path.read_text()
        assert all(line.strip().rstrip(",") in installed_text for line in text.splitlines() if "{" not in line and "}" not in line)
    for file in settings_files(agent, machine):
        assert is_installed(file)
    assert install(agent, machine, home) == 0
    assert {path: path.read_bytes() for path in files} == after


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_uninstalling_restores_the_files_byte_for_byte(agent: str, machine: Machine, home: Path) -> None:
    files = lay_out(agent, machine)
    install(agent, machine, home)
    uninstall(agent, machine, home)
    assert {path: path.read_text() for path in files} == files
    assert all(is_installed(file) is None for file in settings_files(agent, machine))


COMMANDS = {
    "claude-code": ".claude/commands/handoff.md",
    "codex": ".codex/skills/handoff/SKILL.md",
    "gemini-cli": ".gemini/commands/handoff.toml",
    "opencode": ".config/opencode/commands/handoff.md",
    "qwen-code": ".qwen/commands/handoff.md",
}


@pytest.mark.parametrize("agent", COMMANDS)
def test_the_handoff_command_has_the_form_that_the_agent_reads(agent: str, machine: Machine, home: Path) -> None:
    install(agent, machine, home)
    path = machine.home / COMMANDS[agent]
    text = path.read_text()
    if path.suffix == ".toml":
        command = tomllib.loads(text)
        assert (set(command), "write_handoff" in command["prompt"]) == ({"description", "prompt"}, True)
    else:
        _, head, prompt = text.split("---\n")
        fields = dict(line.split(": ", 1) for line in head.strip().split("\n"))
        assert set(fields) == ({"name", "description"} if path.name == "SKILL.md" else {"description"})
        assert "write_handoff" in prompt
        assert fields.get("name", "handoff") == "handoff"


@pytest.mark.parametrize("agent", COMMANDS)
def test_a_handoff_command_of_ones_own_stays(agent: str, machine: Machine, home: Path) -> None:
    path = machine.home / COMMANDS[agent]
    path.parent.mkdir(parents=True)
    path.write_text("my own")
    install(agent, machine, home)
    assert path.read_text() == "my own"
    uninstall(agent, machine, home)
    assert path.read_text() == "my own"


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_created_files_are_deleted_on_uninstall(agent: str, machine: Machine, home: Path) -> None:
    install(agent, machine, home)
    assert all(is_installed(file) for file in settings_files(agent, machine))
    uninstall(agent, machine, home)
    assert list(machine.home.iterdir()) == []


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_later_changes_stay_on_uninstall(agent: str, machine: Machine, home: Path) -> None:
    files = lay_out(agent, machine)
    before = {path: read_config(path) for path in files}
    install(agent, machine, home)
    for path in files:
        path.write_text(path.read_text() + ("\n[tui]\ntheme = 'x'\n" if path.suffix == ".toml" else "\n"))
    uninstall(agent, machine, home)
    for path in files:
        now = read_config(path)
        if path.suffix == ".toml":
            assert now.pop("tui") == {"theme": "x"}
        assert now == before[path]


def test_hooks_of_an_earlier_version_are_replaced(machine: Machine, home: Path) -> None:
    """Gemini calls PreCompress before every request to its model; an earlier version of Onward imported the session there."""
    path = machine.home / ".gemini" / "settings.json"
    path.parent.mkdir(parents=True)
    old = [{"hooks": [{"type": "command", "command": "/opt/onward hook pre-compact --agent gemini-cli"}]}]
    mine = [{"hooks": [{"type": "command", "command": "./mine.sh"}]}]
    path.write_text(json.dumps({"hooks": {"PreCompress": old, "BeforeTool": mine}}))
    install("gemini-cli", machine, home)
    assert sorted(parse(path.read_text()).value["hooks"]) == ["AfterAgent", "BeforeTool", "SessionEnd", "SessionStart"]
    uninstall("gemini-cli", machine, home)
    assert parse(path.read_text()).value == {"hooks": {"BeforeTool": mine}}


def test_approvals_of_codex_are_removed_with_the_hooks(machine: Machine, home: Path) -> None:
    files = lay_out("codex", machine)
    install("codex", machine, home)
    config, hooks = machine.home / ".codex" / "config.toml", machine.home / ".codex" / "hooks.json"
    approvals = f"""
[hooks.state]

[hooks.state."{hooks}:stop:0:0"]
trusted_hash = "sha256:mine"

[hooks.state."{hooks}:stop:1:0"]
trusted_hash = "sha256:11"

[hooks.state."{hooks}:session_end:0:0"]
trusted_hash = "sha256:22"
"""
    config.write_text(config.read_text() + approvals)
    uninstall("codex", machine, home)
    remaining = tomllib.loads(config.read_text())
    assert remaining == {**tomllib.loads(TOML), "hooks": {"state": {f"{hooks}:stop:0:0": {"trusted_hash": "sha256:mine"}}}}
    install("codex", machine, home)
    own_approvals = approvals.replace(f'[hooks.state."{hooks}:stop:0:0"]\ntrusted_hash = "sha256:mine"\n\n', "")
    config.write_text(files[config])
    install("codex", machine, home)
    config.write_text(config.read_text() + own_approvals)
    uninstall("codex", machine, home)
    assert config.read_text() == files[config]


def test_codex_hands_the_settings_to_the_mcp_server(machine: Machine, home: Path) -> None:
    """Codex filters the environment of MCP servers: with another data folder, hooks and the server would use two stores."""
    install("codex", machine, home)
    server = tomllib.loads((machine.home / ".codex" / "config.toml").read_text())["mcp_servers"]["onward"]
    assert {"ONWARD_HOME", "ONWARD_DATABASE_URL", "ONWARD_SERVER", "ONWARD_TOKEN", "ONWARD_PROJECT", "XDG_DATA_HOME"} <= set(
        server["env_vars"]
    )


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_a_moved_onward_replaces_its_old_entry(agent: str, machine: Machine, home: Path) -> None:
    lay_out(agent, machine)
    install(agent, machine, home)
    for path in (path for path in machine.home.rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace("/bin/onward", "/old/bin/onward").replace("-m onward", "-m onward"))
    assert install(agent, machine, home) == sum(not file.is_optional for file in settings_files(agent, machine))
    texts = [path.read_text() for path in machine.home.rglob("*") if path.is_file()]
    assert "/old/bin/onward" not in "".join(texts)
    uninstall(agent, machine, home)
    assert {path: read_config(path) for path in map(machine.home.__truediv__, BEFORE[agent])} == {
        machine.home / name: tomllib.loads(text) if name.endswith("toml") else dict(parse(text).value)
        for name, text in BEFORE[agent].items()
    }


@pytest.mark.parametrize(
    ("agent", "name", "text"),
    [
        ("claude-code", ".claude/settings.json", '{"hooks": {'),
        ("claude-code", ".claude/settings.json", '{"hooks": []}'),
        ("claude-code", ".claude/settings.json", '{"hooks": {"SessionStart": {}}}'),
        ("claude-code", ".claude.json", '{"mcpServers": {"onward": {"command": "another-onward", "args": ["serve"]}}}'),
        ("codex", ".codex/config.toml", "model = "),
        ("codex", ".codex/config.toml", 'mcp_servers = {docs = {command = "docs"}}\n'),
        ("gemini-cli", ".gemini/settings.json", "[]"),
        ("cursor", ".cursor/mcp.json", '{"mcpServers": "none"}'),
        ("cursor", ".cursor/hooks.json", '{"hooks": {}, "hooks": {"stop": []}}'),
    ],
)
def test_unusable_settings_are_refused_and_unchanged(agent: str, name: str, text: str, machine: Machine) -> None:
    files = {**lay_out(agent, machine), machine.home / name: text}
    (machine.home / name).write_text(text)
    with pytest.raises(Conflict, match=Path(name).name) as refused:
        plan_install(agent, machine)
    assert "Nothing was changed" in refused.value.hint
    assert {path: path.read_text() for path in files} == files


def test_a_file_that_is_not_utf_8_is_refused(machine: Machine) -> None:
    lay_out("gemini-cli", machine)
    (machine.home / ".gemini/settings.json").write_bytes(b'{"name": "\xff"}')
    with pytest.raises(Conflict, match="UTF-8"):
        plan_install("gemini-cli", machine)


def test_links_and_permissions_stay(machine: Machine, home: Path, tmp_path: Path) -> None:
    lay_out("claude-code", machine)
    dotfiles = tmp_path / "dotfiles.json"
    link = machine.home / ".claude" / "settings.json"
    link.rename(dotfiles)
    dotfiles.chmod(0o640)
    link.symlink_to(dotfiles)
    install("claude-code", machine, home)
    assert link.is_symlink()
    assert "onward" in dotfiles.read_text()
    assert dotfiles.stat().st_mode & 0o777 == 0o640
    uninstall("claude-code", machine, home)
    assert dotfiles.read_text() == HOOKS


def test_a_copy_of_each_file_is_kept(machine: Machine, home: Path) -> None:
    files = lay_out("claude-code", machine)
    install("claude-code", machine, home)
    assert sorted(path.read_text() for path in (home / "hooks" / "backups").iterdir()) == sorted(files.values())


def test_without_a_copy_the_entries_are_removed_one_by_one(machine: Machine, home: Path) -> None:
    files = lay_out("gemini-cli", machine)
    install("gemini-cli", machine, home)
    for copy in (home / "hooks" / "backups").iterdir():
        copy.unlink()
    uninstall("gemini-cli", machine, home)
    assert {path: read_config(path) for path in files} == {path: parse(text).value for path, text in files.items()}


def test_a_table_of_toml_goes_in_and_out() -> None:
    path = ("mcp_servers", "onward")
    after = add_server(TOML, path, {"command": "/opt/on ward", "args": ["mcp"]})
    assert tomllib.loads(after)["mcp_servers"]["onward"] == {"command": "/opt/on ward", "args": ["mcp"]}
    assert remove_server(after, path) == TOML
    in_the_middle = TOML.replace("# my profile", '[mcp_servers.onward]\ncommand = "x"\n\n[mcp_servers.onward.env]\nA = "1"\n\n# my profile')
    assert tomllib.loads(remove_server(in_the_middle, path)) == tomllib.loads(TOML)
    assert "# my profile" in remove_server(in_the_middle, path)


def test_installed_commands_call_this_onward(machine: Machine) -> None:
    file = settings_files("claude-code", machine)[0]
    command = json.dumps(file.hooks[0].value)
    assert "onward hook session-start --agent claude-code" in command


STATUS_LINES = {"claude-code": (".claude/settings.json", ("statusLine",)), "qwen-code": (".qwen/settings.json", ("ui", "statusLine"))}


@pytest.mark.parametrize("agent", STATUS_LINES)
def test_the_status_line_comes_on_request_and_goes_byte_for_byte(agent: str, machine: Machine, home: Path) -> None:
    before = lay_out(agent, machine)
    install(agent, machine, home)
    settings, place = machine.home / STATUS_LINES[agent][0], STATUS_LINES[agent][1]
    assert parse(settings.read_text()).find(*place) is None
    assert has_own_status_line(agent, machine) is False
    apply_changes(agent, plan_install(agent, machine, with_status_line=True), home, is_install=True)
    node = parse(settings.read_text()).find(*place)
    assert node
    assert node.value["command"].endswith(f"onward statusline --agent {agent}")
    assert has_own_status_line(agent, machine) is None
    assert install(agent, machine, home) == 0
    uninstall(agent, machine, home)
    assert {path: path.read_text() for path in before} == before


@pytest.mark.parametrize("agent", STATUS_LINES)
def test_a_status_line_of_ones_own_stays(agent: str, machine: Machine, home: Path) -> None:
    name, place = STATUS_LINES[agent]
    line: object = {"type": "command", "command": "~/line.sh"}
    for key in reversed(place):
        line = {key: line}
    settings = machine.home / name
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(line))
    apply_changes(agent, plan_install(agent, machine, with_status_line=True), home, is_install=True)
    assert has_own_status_line(agent, machine)
    uninstall(agent, machine, home)
    assert settings.read_text() == json.dumps(line)

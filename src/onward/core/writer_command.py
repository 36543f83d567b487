"""How the program of an agent is started to write one answer: what the table of agents says about it.

A hook imports this module while an agent waits, so it uses no class machinery and imports nothing but types.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    AnswerForm = Literal["result", "events", "response", "parts"]

FOLDER, USD = "{folder}", "{usd}"
"""Placeholders in arguments and variables: the empty working folder, and the most US dollars that one answer may cost."""

SYSTEM = "You write the page that you are asked for, and nothing else: no greeting, no question, no remark about it."
"""Instead of the agent's own instructions, which are about work on code."""


class WriterCommand:
    """The command that asks an agent's own model one question, read from standard input, without a terminal.

    `program` is found in PATH. The `arguments` take away tools, hooks, MCP servers and the record of the session; `files` are texts by
    their path in the working folder, which is empty otherwise, and `variables` are set for the program. The agent sets `session_variables`
    (beginnings of names) for what runs in a session: the program must not have them. `answer` is the form of its
    output: one "result" object or list of Claude's kind, "events" of Codex, one "response" of Gemini, or "parts" of OpenCode.

    `version` is the version of the program that all this is proven with (`make agents`). `login` says how a person logs in.
    """

    __slots__ = ("answer", "arguments", "files", "login", "program", "session_variables", "variables", "version")

    def __init__(
        self,
        program: str,
        *arguments: str,
        answer: AnswerForm,
        version: str,
        login: str,
        files: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        session_variables: tuple[str, ...] = (),
    ) -> None:
        self.program = program
        self.arguments = arguments
        self.answer = answer
        self.version = version
        self.login = login
        self.files = files or {}
        self.variables = variables or {}
        self.session_variables = session_variables


_CODEX_FEATURES = (
    *("hooks", "shell_tool", "unified_exec", "multi_agent", "apps", "plugins", "goals", "sleep_tool", "code_mode_host", "skill_search"),
    "view_image",
)
"""What lets Codex act: without the host of its code mode, its only tool fails."""
_QWEN_TOOLS = "edit,notebook_edit,read_file,run_shell_command,get_goal,update_goal,write_file,glob,grep_search,list_directory"
"""The tools that Qwen Code has in its bare mode."""

CLAUDE_WRITER = WriterCommand(
    "claude", "-p", "--output-format", "json", "--safe-mode", "--tools", "", "--strict-mcp-config", "--no-session-persistence",
    "--max-budget-usd", USD, "--system-prompt", SYSTEM,
    answer="result", version="2.1.332", login="Start claude and enter /login.",
    session_variables=("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION"),
)  # fmt: skip

CODEX_WRITER = WriterCommand(
    "codex", "exec", "--json", "--ephemeral", "--skip-git-repo-check", "-s", "read-only",
    # Not --disable: that fails for a feature that the version does not know.
    *(part for name in _CODEX_FEATURES for part in ("-c", f"features.{name}=false")),
    "-c", "mcp_servers={}", "-c", 'web_search="disabled"', "-c", f'model_instructions_file="{FOLDER}/system.md"', "-",
    answer="events", version="0.171.0", login="Run codex login.", files={"system.md": SYSTEM},
    session_variables=("CODEX_SANDBOX", "CODEX_THREAD"),
)  # fmt: skip

GEMINI_WRITER = WriterCommand(
    "gemini", "-o", "json", "--approval-mode", "default", "-e", "none", "--allowed-mcp-server-names", "none", "--skip-trust",
    answer="response", version="0.61.0", login="Start gemini and log in.",
    # It has no option for these. It keeps a record of the session, which an import skips as Onward's own.
    files={
        ".gemini/settings.json": '{"hooksConfig": {"enabled": false}, "tools": {"core": ["none"]}, "skills": {"enabled": false}, '
        '"context": {"fileName": ["none.md"]}, "experimental": {"enableAgents": false}}',
        "system.md": SYSTEM,
    },
    session_variables=("GEMINI_CLI_SESSION",),
    variables={"GEMINI_SYSTEM_MD": f"{FOLDER}/system.md"},
)  # fmt: skip

OPENCODE_WRITER = WriterCommand(
    "opencode", "run", "--pure", "--format", "json", "--agent", "onward", "--title", "Handoff",
    answer="parts", version="1.18.33", login="Run opencode auth login.",
    session_variables=("OPENCODE_PID", "OPENCODE_SERVER", "OPENCODE_CLIENT"),
    variables={
        "OPENCODE_CONFIG_CONTENT": '{"share": "disabled", "agent": {"onward": {"mode": "primary", "tools": {"*": false}, '
        f'"prompt": "{SYSTEM}"' "}}}",
        # The session is stored in the working folder and deleted with it.
        "OPENCODE_DB": f"{FOLDER}/sessions.db",
        "OPENCODE_DISABLE_CLAUDE_CODE": "1",
    },
)  # fmt: skip

QWEN_WRITER = WriterCommand(
    "qwen", "-o", "json", "--bare", "--safe-mode", "--chat-recording", "false", "--max-tool-calls", "0",
    "--max-session-turns", "1", "--exclude-tools", _QWEN_TOOLS, "--system-prompt", SYSTEM,
    answer="result", version="0.24.4", login="Start qwen and enter /auth.",
)  # fmt: skip

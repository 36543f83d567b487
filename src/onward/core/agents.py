"""The agents that Onward knows: one table, from which every other list of agents is derived.

A hook imports this module while an agent waits, so it uses no class machinery and imports nothing but types.

Folders and files are text. `~` is the user's home folder, `${NAME:-default}` the folder that an environment variable names, or the default.
A folder may also begin with `{config}` or `{data}` (where the system keeps the settings and the data of programs, perhaps in several
places), `{appdata}` (`%APPDATA%`, Windows only), `{editor}` (the storage of every VS Code-like editor), `{workspaces}` (its storage for
each workspace) or `{repository}` (the top of the repository that the user works in).
"""

from __future__ import annotations

from onward.core.agent import Agent, SessionFolder
from onward.core.hook_settings import COMMAND, COMMAND_HOOK, HOOK_SECONDS, HookSettings
from onward.core.writer_command import CLAUDE_WRITER, CODEX_WRITER, GEMINI_WRITER, OPENCODE_WRITER, QWEN_WRITER

_CODEX_PATTERNS = ("**/rollout-*.jsonl", "**/rollout-*.jsonl.zst")
_TASK_PATTERNS = ("tasks/*/api_conversation_history.json", "tasks/*/ui_messages.json")

AGENTS = (
    Agent(
        "claude-code",
        "Claude Code",
        aliases=("claude", "claude cli", "anthropic claude code", "claude terminal"),
        formats=("claude-code", "claude-terminal"),
        folders=(SessionFolder("${CLAUDE_CONFIG_DIR:-~/.claude}/projects", "*/*.jsonl", "*/*/subagents/**/*.jsonl"),),
        hooks=HookSettings(
            folder="${CLAUDE_CONFIG_DIR:-~/.claude}",
            events={
                "SessionStart": "session-start",
                "PreCompact": "pre-compact",
                "PostCompact": "post-compact",
                "SessionEnd": "session-end",
            },
            file="${CLAUDE_CONFIG_DIR:-~/.claude}/settings.json",
            server={"type": "stdio", "env": {}},
            # The state file is beside the folder, or in it where the variable moves the folder.
            mcp_file="${CLAUDE_CONFIG_DIR:-~}/.claude.json",
            command_file="${CLAUDE_CONFIG_DIR:-~/.claude}/commands/handoff.md",
            status_line=("statusLine",),
            max_context_bytes=9_500,
        ),
        providers=("anthropic", "claude"),
        start_command="claude {}",
        resume_command="claude --resume {}",
        writer=CLAUDE_WRITER,
    ),
    Agent(
        "codex",
        "Codex",
        aliases=("codex cli", "openai codex", "codex mcp client", "codex terminal"),
        formats=("codex", "codex-terminal"),
        folders=(
            SessionFolder("${CODEX_HOME:-~/.codex}/sessions", *_CODEX_PATTERNS),
            SessionFolder("${CODEX_HOME:-~/.codex}/archived_sessions", *_CODEX_PATTERNS),
        ),
        hooks=HookSettings(
            folder="${CODEX_HOME:-~/.codex}",
            events={
                "SessionStart": "session-start",
                "PreCompact": "pre-compact",
                "PostCompact": "post-compact",
                "Stop": "stop",
                "SubagentStop": "stop",
                "Interrupt": "stop",
                "SessionEnd": "session-end",
            },
            file="${CODEX_HOME:-~/.codex}/hooks.json",
            mcp_file="${CODEX_HOME:-~/.codex}/config.toml",
            # Codex no longer lists prompts: skills are called by $ and their name.
            command_file="${CODEX_HOME:-~/.codex}/skills/handoff/SKILL.md",
            mcp_key="mcp_servers",
            # Codex gives hooks all variables, but an MCP server only those that are listed: both must use one store.
            mcp_variables_key="env_vars",
            max_context_bytes=9_500,
            next_step="Codex runs a new hook only after you approve it: start codex, enter /hooks, and trust Onward's.",
        ),
        providers=("openai", "chatgpt", "codex"),
        start_command="codex {}",
        resume_command="codex resume {}",
        writer=CODEX_WRITER,
    ),
    Agent(
        "gemini-cli",
        "Gemini CLI",
        aliases=("gemini", "google gemini", "google gemini cli", "gemini checkpoint", "gemini terminal"),
        formats=("gemini", "gemini-terminal", "gemini-checkpoint"),
        folders=(SessionFolder("~/.gemini/tmp", "*/chats/**/*.json", "*/chats/**/*.jsonl", "*/checkpoint-*.json"),),
        hooks=HookSettings(
            folder="~/.gemini",
            # Not PreCompress: Gemini calls it before every request to its model, whether it compresses or not.
            events={"SessionStart": "session-start", "AfterAgent": "stop", "SessionEnd": "session-end"},
            file="~/.gemini/settings.json",
            entry={"hooks": [{"name": "onward", **COMMAND_HOOK, "timeout": HOOK_SECONDS * 1000}]},
            command_file="~/.gemini/commands/handoff.toml",
            mcp_file="~/.gemini/settings.json",
        ),
        providers=("google", "gemini"),
        start_command="gemini -i {}",
        resume_command="gemini --resume {}",
        writer=GEMINI_WRITER,
    ),
    Agent(
        "cursor",
        "Cursor",
        aliases=("cursor ide", "cursor cli", "cursor agent", "cursor vscode", "anysphere cursor"),
        formats=("cursor",),
        folders=(
            SessionFolder("~/.cursor/projects", "*/agent-transcripts/**/*.jsonl", "*/agent-transcripts/**/*.txt"),
            SessionFolder("~/.cursor/chats", "*/*/store.db"),
            SessionFolder("{config}/Cursor/User/globalStorage", "state.vscdb", holds_many=True),
        ),
        hooks=HookSettings(
            folder="~/.cursor",
            events={"sessionStart": "session-start", "preCompact": "pre-compact", "sessionEnd": "session-end", "stop": "stop"},
            file="~/.cursor/hooks.json",
            entry={"command": COMMAND, "timeout": HOOK_SECONDS},
            mcp_file="~/.cursor/mcp.json",
            version=1,
            answer_key="additional_context",
            next_step="Restart Cursor; its next session starts with the handoff.",
        ),
        providers=("cursor", "anysphere"),
        start_command="cursor-agent {}",
        resume_command="cursor-agent --resume {}",
    ),
    Agent(
        "cline",
        "Cline",
        formats=("cline",),
        folders=(
            SessionFolder("{editor}/saoudrizwan.claude-dev", *_TASK_PATTERNS),
            SessionFolder("${CLINE_DATA_DIR:-${CLINE_DIR:-~/.cline}/data}", *_TASK_PATTERNS, "sessions/**/*.json"),
        ),
        hooks=HookSettings(
            folder="${CLINE_DIR:-~/.cline}",
            # Hook files of Cline cannot give the model anything at the start; its plugins can.
            plugin="cline.js",
            file="${CLINE_DIR:-~/.cline}/plugins/onward.js",
            mcp_file="${CLINE_DATA_DIR:-${CLINE_DIR:-~/.cline}/data}/settings/cline_mcp_settings.json",
            # By default Cline waits three seconds (of a busy machine) for the server's start.
            server={"timeout": 30},
        ),
        start_command="cline -i {}",
        resume_command="cline --id {}",
    ),
    Agent(
        "roo",
        "Roo",
        aliases=("roo code", "roo cline"),
        formats=("cline",),
        folders=(SessionFolder("{editor}/rooveterinaryinc.roo-cline", *_TASK_PATTERNS),),
    ),
    Agent(
        "kilo",
        "Kilo Code",
        aliases=("kilocode", "kilo cli"),
        formats=("opencode", "cline"),
        folders=(
            SessionFolder("{data}/kilo", "kilo*.db", holds_many=True),
            SessionFolder("{data}/kilo/storage", "session/**/*.json"),
            SessionFolder("{editor}/kilocode.kilo-code", *_TASK_PATTERNS),
        ),
    ),
    Agent(
        "opencode",
        "OpenCode",
        aliases=("open code",),
        formats=("opencode",),
        folders=(
            SessionFolder("{data}/opencode", "opencode*.db", holds_many=True),
            SessionFolder("{data}/opencode/storage", "session/**/*.json"),
        ),
        hooks=HookSettings(
            folder="${XDG_CONFIG_HOME:-~/.config}/opencode",
            plugin="opencode.js",
            command_file="${XDG_CONFIG_HOME:-~/.config}/opencode/commands/handoff.md",
            file="${XDG_CONFIG_HOME:-~/.config}/opencode/plugins/onward.js",
        ),
        start_command="opencode --prompt {}",
        resume_command="opencode --session {}",
        writer=OPENCODE_WRITER,
    ),
    Agent(
        "copilot",
        "Copilot CLI",
        aliases=("github copilot", "github copilot cli"),
        formats=("copilot",),
        folders=(SessionFolder("${COPILOT_HOME:-~/.copilot}/session-state", "*.jsonl", "*/events.jsonl"),),
        hooks=HookSettings(
            folder="${COPILOT_HOME:-~/.copilot}",
            events={
                "sessionStart": "session-start",
                "preCompact": "pre-compact",
                "agentStop": "stop",
                "sessionEnd": "session-end",
            },
            file="${COPILOT_HOME:-~/.copilot}/hooks/onward.json",
            entry={"type": "command", "bash": COMMAND, "powershell": COMMAND, "timeoutSec": HOOK_SECONDS},
            version=1,
            mcp_file="${COPILOT_HOME:-~/.copilot}/mcp-config.json",
            server={"type": "local", "tools": ["*"]},
            answer_key="additionalContext",
        ),
        start_command="copilot -i {}",
        resume_command="copilot --resume={}",
    ),
    Agent(
        "copilot-chat",
        "Copilot Chat",
        aliases=("github copilot chat", "vscode chat", "vscode copilot", "vs code copilot chat", "copilot copy"),
        formats=("vscode-chat", "copilot-copy", "copilot"),
        folders=(
            SessionFolder("{workspaces}", "*/chatSessions/*.json", "*/chatSessions/*.jsonl"),
            SessionFolder("{editor}/emptyWindowChatSessions", "*.json", "*.jsonl"),
        ),
    ),
    Agent(
        "goose",
        "Goose",
        aliases=("block goose", "codename goose"),
        formats=("goose",),
        folders=(
            SessionFolder("{data}/goose/sessions", "sessions.db", holds_many=True),
            SessionFolder("{data}/goose/sessions", "*.jsonl"),
            SessionFolder("{appdata}/Block/goose/data/sessions", "sessions.db", holds_many=True),
            SessionFolder("{appdata}/Block/goose/data/sessions", "*.jsonl"),
        ),
    ),
    Agent(
        "pi",
        "pi",
        aliases=("pi agent", "pi coding agent"),
        formats=("pi",),
        folders=(SessionFolder("${PI_CODING_AGENT_DIR:-~/.pi/agent}/sessions", "**/*.jsonl"),),
        hooks=HookSettings(
            folder="${PI_CODING_AGENT_DIR:-~/.pi/agent}",
            # pi has no MCP servers.
            plugin="pi.ts",
            file="${PI_CODING_AGENT_DIR:-~/.pi/agent}/extensions/onward.ts",
        ),
        start_command="pi {}",
        resume_command="pi --session {}",
    ),
    Agent(
        "openhands",
        "OpenHands",
        aliases=("open hands", "opendevin"),
        formats=("openhands",),
        folders=(
            SessionFolder("~/.openhands", "conversations/*", "sessions/*", "users/*/conversations/*"),
            SessionFolder("~/.openhands", "trajectories/**/*.json", "*/*/trajectory*.json"),
        ),
    ),
    Agent(
        "specstory",
        "SpecStory",
        formats=("specstory",),
        is_agent=False,
        folders=(SessionFolder("{repository}/.specstory/history", "*.md"),),
    ),
    Agent("markdown-export", "Markdown export", formats=("markdown-export",), is_agent=False),
    Agent(
        "aider",
        "Aider",
        aliases=("aider chat",),
        formats=("aider",),
        folders=(SessionFolder("{repository}", ".aider.chat.history.md", holds_many=True),),
    ),
    Agent("swe-agent", "SWE-agent", aliases=("mini swe agent",), formats=("swe-agent",)),
    Agent(
        "qwen-code",
        "Qwen Code",
        aliases=("qwen",),
        formats=("qwen", "gemini"),
        folders=(
            SessionFolder("${QWEN_HOME:-~/.qwen}/projects", "*/chats/*.jsonl"),
            SessionFolder("${QWEN_HOME:-~/.qwen}/tmp", "*/chats/*.jsonl", "projects/*/chats/*.jsonl", "*/chats/session-*.json"),
        ),
        hooks=HookSettings(
            folder="${QWEN_HOME:-~/.qwen}",
            # Without a terminal, Qwen Code ends without SessionEnd: the next start completes the session.
            events={
                "SessionStart": "session-start",
                "PreCompact": "pre-compact",
                "PostCompact": "post-compact",
                "Stop": "stop",
                "SessionEnd": "session-end",
            },
            file="${QWEN_HOME:-~/.qwen}/settings.json",
            entry={"hooks": [{"name": "onward", **COMMAND_HOOK}]},
            command_file="${QWEN_HOME:-~/.qwen}/commands/handoff.md",
            mcp_file="${QWEN_HOME:-~/.qwen}/settings.json",
            status_line=("ui", "statusLine"),
        ),
        start_command="qwen -i {}",
        resume_command="qwen --resume {}",
        writer=QWEN_WRITER,
    ),
    Agent(
        "antigravity",
        "Antigravity",
        aliases=("agy", "google antigravity", "antigravity cli"),
        formats=("antigravity",),
        folders=(SessionFolder("~/.gemini", "antigravity*/**/transcript*.jsonl"),),
    ),
    Agent(
        "kimi",
        "Kimi Code",
        aliases=("kimi cli",),
        formats=("kimi",),
        folders=(
            SessionFolder("${KIMI_CODE_HOME:-~/.kimi-code}/sessions", "**/wire.jsonl"),
            SessionFolder("${KIMI_SHARE_DIR:-~/.kimi}/sessions", "**/wire.jsonl"),
        ),
    ),
    Agent(
        "droid",
        "Droid",
        aliases=("factory", "factory droid"),
        formats=("droid",),
        folders=(SessionFolder("~/.factory/sessions", "**/*.jsonl"),),
    ),
    Agent(
        "kiro",
        "Kiro",
        aliases=("kiro cli", "amazon q developer cli"),
        formats=("kiro", "continue"),
        folders=(
            SessionFolder("~/.kiro/sessions/cli", "*.jsonl"),
            SessionFolder("{data}/kiro-cli", "data.sqlite3", holds_many=True),
            SessionFolder("{data}/amazon-q", "data.sqlite3", holds_many=True),
            SessionFolder("{config}/Kiro/User/globalStorage/kiro.kiroagent/workspace-sessions", "*/*-*-*-*-*.json"),
        ),
    ),
    Agent(
        "continue",
        "Continue",
        aliases=("continue dev",),
        formats=("continue",),
        folders=(SessionFolder("${CONTINUE_GLOBAL_DIR:-~/.continue}/sessions", "*-*-*-*-*.json"),),
    ),
    Agent(
        "crush",
        "Crush",
        aliases=("charm crush",),
        formats=("crush",),
        folders=(SessionFolder("{repository}/.crush", "crush.db", holds_many=True),),
    ),
    Agent(
        "amp",
        "Amp",
        aliases=("sourcegraph amp", "ampcode"),
        formats=("amp",),
        folders=(SessionFolder("{data}/amp/threads", "T-*.json"),),
    ),
    Agent(
        "grok",
        "Grok CLI",
        aliases=("grok build",),
        formats=("grok",),
        folders=(
            SessionFolder("~/.grok/sessions", "*/*/chat_history.jsonl"),
            SessionFolder("~/.grok", "grok.db", holds_many=True),
        ),
    ),
    Agent(
        "posit-assistant",
        "Posit Assistant",
        aliases=("posit", "posit ai"),
        formats=("posit",),
        folders=(SessionFolder("~/.posit/assistant/workspaces", "*/*/lm-messages.jsonl", "*/*/subagents/*/lm-messages.jsonl"),),
    ),
    Agent(
        "hermes",
        "Hermes",
        aliases=("hermes agent", "nous hermes"),
        formats=("hermes", "atif"),
        folders=(SessionFolder("${HERMES_HOME:-~/.hermes}/sessions", "*.jsonl", "session_*.json", "**/trajectory*.json"),),
    ),
    Agent("atif", "an agent", aliases=("agent trajectory",), formats=("atif",), is_agent=False),
    Agent("windsurf", "Windsurf", aliases=("codeium windsurf", "cascade")),
    Agent("zed", "Zed", aliases=("zed agent",)),
    Agent("chatgpt", "ChatGPT", aliases=("openai chatgpt",), formats=("chatgpt",), is_chat=True),
    Agent("ai-studio", "AI Studio", aliases=("google ai studio", "gemini ai studio"), formats=("ai-studio",), is_chat=True),
    Agent("claude-ai", "Claude.ai", aliases=("claude desktop",), formats=("claude-ai",), is_chat=True),
    Agent("json-turns", "a chat", formats=("json-turns",), is_agent=False),
    Agent("pasted", "a pasted chat", formats=("pasted",), is_agent=False),
)
"""Every agent, in the order in which lists show them."""

HOOK_AGENT_IDS = tuple(agent.id for agent in AGENTS if agent.hooks)
"""The agents that Onward can be installed in."""
WRITER_IDS = tuple(agent.id for agent in AGENTS if agent.writer)
"""The agents that can write handoffs."""


def find_agent(name: str) -> Agent | None:
    """Return the agent of that id, label or alias, whatever its case, spaces and punctuation; None for an unknown one."""
    return _agents_by_key.get(_key(name))


def agent_id(name: str) -> str:
    """Return the id of the agent called *name*; an unknown name as it is written, spaces trimmed."""
    agent = find_agent(name)
    return agent.id if agent else name.strip()


def agent_label(name: str) -> str:
    """Return what people read for an agent; an unknown id as words with capitals."""
    agent = find_agent(name)
    return agent.label if agent else name.replace("-", " ").title()


def profile_folder(agent_name: str, path: str) -> str:
    """Return the folder of an agent's settings and sessions that contains *path*, the file of a session; empty where the agent has no
    variable for it or the file is elsewhere.
    """
    agent = find_agent(agent_name)
    path = path.replace("\\", "/")
    for place in agent.folders if agent else ():
        variable, _, below = place.folder.rpartition("}")
        if variable and below and (position := path.rfind(f"{below}/")) > 0:
            return path[:position]
    return ""


def detect_agent(client: str) -> str:
    """Return the id of the agent that *client*, the name of a program, contains ("cursor-vscode"); empty where it contains none. The
    longest name wins.
    """
    words = _words(client)
    best, best_length = "", 0
    for agent in AGENTS:
        for name in (agent.id, agent.label, *agent.aliases):
            name_words = _words(name)
            length = len("".join(name_words))
            is_named = any(words[start : start + len(name_words)] == name_words for start in range(len(words) - len(name_words) + 1))
            if is_named and length > best_length:
                best, best_length = agent.id, length
    return best


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _words(name: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in name.casefold()).split()


_agents_by_key = {_key(name): agent for agent in AGENTS for name in (agent.id, agent.label, *agent.aliases)}

"""Frames: what a client puts around a person's words, or in their place.

Clients write reminders, notices, editor context, expanded commands and prompt templates into the person's messages. None of it is anybody's
word. `FRAMES` is the one table of them, by client; `unframe` takes the person's words out from inside. A compaction's wrapper
is a frame too: of it only the summary's body counts, as a summary.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import NamedTuple

from onward.core.transcript.transcript import Mark


class Frames(NamedTuple):
    """The frames of one client.

    `attached` are tags around text that no person typed; `typed` are tags around the person's words, and outside of `only` nothing is
    theirs; `notices` are patterns that open a message of the client's; `lines` are patterns of single lines of the client's;
    `templates` are patterns of expanded prompts, whose groups are the person's own arguments; `summaries` are patterns of the words before
    the summary of a compaction.
    """

    attached: str = ""
    typed: str = ""
    only: str = ""
    notices: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    summaries: tuple[str, ...] = ()


FRAMES: dict[str, Frames] = {
    "any": Frames(
        attached="system-reminder system_reminder system-notification system_notification hook_context additional_context file_content "
        "file_contents folder_content url_content attached_file attached_files attachment attachments document document_content documents "
        "tool_result tool_results tool_output tool_response function_result function_results function_response web_page search_results "
        "user_info user_rules environment_details environment_context current_datetime mode_notice attached_contents viewport_context "
        "canvas_viewport_context editor_context workspace_context",
        # A command to the client itself, without a word to the agent.
        notices=(r"/[a-z][a-z0-9:_-]*\Z",),
    ),
    "claude-code": Frames(
        attached="command-name command-message command-contents local-command-caveat local-command-stdout local-command-stderr bash-input "
        "bash-stdout bash-stderr ide_opened_file ide_selection ide_diagnostics task-notification user-prompt-submit-hook "
        "session-start-hook teammate-message cross-session-message fork-boilerplate agent-notification",
        typed="command-args user-memory-input",
        notices=(
            r"Caveat: The messages below",
            r"Base directory for this skill:",
            r"Stop hook feedback:",
            r"\[SYSTEM NOTIFICATION",
            r"A session-scoped Stop hook is now active",
            r"The user just ran /",
            r"Please analyze this codebase and create a CLAUDE\.md file",
            r"Unknown (?:slash command|skill): ",
            r"Continue from where you left off\.$",
        ),
        lines=(
            r"\[Request interrupted by user[^\]\n]*\]",
            r"\[Image: (?:source|original)[^\]\n]*\]",
            r"Read the output file to retrieve the result: .*",
            r"Full transcript available at: .*",
            r"If you need specific details from before exiting plan mode .*",
        ),
        templates=(
            r"## Context\s+- (?:Current|Recent|Existing) [^\n:]{1,40}: .*?(?:\n\nARGUMENTS: (?P<arguments>.*))?\Z",
            r".*\n\nARGUMENTS: (?P<arguments>[^\n]*(?:\n(?!\n)[^\n]*)*)\Z",
        ),
        summaries=(
            (
                r"This session is being continued from a previous conversation(?: that ran out of context)?\.?"
                r"(?: The (?:summary below covers the earlier portion of the conversation|conversation is summarized below)[.:])?"
            ),
        ),
    ),
    "codex": Frames(
        attached="user_instructions INSTRUCTIONS collaboration_mode permissions turn_aborted skill subagent_notification "
        "user_shell_command model_switch user_action personality_spec hook_prompt skills_instructions multi_agent_mode multi_agent_role "
        "recommended_plugins apps_instructions goal_context codex_internal_context",
        notices=(
            r"# AGENTS\.md instructions",
            r"Generate a file named AGENTS\.md that serves as a contributor guide",
            r"Review the current code changes \(staged, unstaged, and untracked files\)",
            r"Review the code changes (?:against the base branch|introduced by commit) ",
            r"Warning: (?:apply_patch was requested via|The maximum number of unified exec) ",
            r"<image name=[^\n]*>\Z|</image>\Z",
        ),
        templates=(
            r"# Context from my IDE.*?\n## My request for Codex:(?P<arguments>.*)\Z",
            r"# Files mentioned by the user:.*?\n## My request for Codex:(?P<arguments>.*)\Z",
        ),
        summaries=(
            (
                r"(?:You were originally given instructions from a user.*?)?Another language model started to solve this problem and produced a "
                r"summary.*?(?:assist with your own analysis:|\n)"
            ),
        ),
    ),
    "crush": Frames(
        notices=(
            r"`?(?:Please analyze this codebase and create|Analyze this codebase and create/update) (?:a )?\*\*(?:CRUSH|AGENTS)\.md\*\*",
        ),
    ),
    "opencode": Frames(
        attached="auto-slash-command command-instruction dcp-message-id available_skills",
        notices=(
            r"What did we do so far\?\Z",
            r"Continue if you have next steps",
            r"Summarize the task tool output above and continue with your task\.",
            r"Use the above message and context to generate a prompt and call the task tool",
            r"Called the \w+ tool with the following input:",
            r"The following tool was executed by the user\Z",
            r"Your operational mode has changed from",
            r"(?:Please analyze this codebase and create|Create or update `?)\s?(?:an )?`?AGENTS\.md",
        ),
        templates=(
            (
                r"You are a code reviewer\. Your job is to review code changes and provide actionable feedback\.\s+(?:---\s+)?"
                r"(?:Input:(?P<arguments>[^\n]*(?:\n(?!---|#)[^\n]*)*))?.*?Determining What to Review.*\Z"
            ),
        ),
    ),
    "cline": Frames(
        attached="explicit_instructions SYSTEM_NOTICE slash_command",
        typed="task user_message feedback answer user_command",
        only="user_input",
        notices=(
            r"\[TASK RESUMPTION\]",
            r"\[ERROR\] You did not use a tool",
            r"\[NOTE\] ",
            r"# task_progress",
            r"# TODO LIST UPDATE",
        ),
        lines=(r"New instructions for task continuation:", r"The user has provided feedback on the results\..*"),
    ),
    "cursor": Frames(
        attached="additional_data open_and_recently_viewed_files manually_attached_selection code_selection terminal_selection "
        "always_applied_workspace_rules agent_requestable_workspace_rules git_status project_layout agent_skills agent_transcripts "
        "cursor_commands manually_attached_skills linter_errors mcp_file_system image_files",
        only="user_query",
        templates=(r"(?P<before>.*?)--- Cursor Command: [^\n]* ---.*?(?:--- End Command ---(?P<arguments>.*))?\Z",),
    ),
    "gemini-cli": Frames(
        attached="session_context untrusted_context",
        notices=(
            r"This is the Gemini CLI\. We are setting up the context",
            r"System: Please continue\.\Z",
            r"You are an AI agent that brings the power of \w+ directly into the terminal",
        ),
        summaries=(r"<state_snapshot>",),
    ),
    "antigravity": Frames(
        attached="ADDITIONAL_METADATA USER_SETTINGS_CHANGE EPHEMERAL_MESSAGE conversation_summaries user_information",
        only="USER_REQUEST",
        notices=(r"This is a system-generated message that is sent due to the user's review policy\.",),
        summaries=(
            (
                r"(?:\{\{ CHECKPOINT \d+ \}\}\s*)?\**The earlier parts of this conversation have been truncated(?: due to its long length)?\."
                r"(?: The following content summarizes the truncated context so that you may continue your work\.)?[ *]*"
            ),
        ),
    ),
    "copilot": Frames(
        attached="reminder reminderInstructions sql_tables todo_status skill-context environment_info workspace_info userMemory "
        "repoMemory sessionMemory editorContext repository_context conversation-summary",
        only="userRequest",
        templates=(
            r"Follow instructions in \[[^\]\n]+\.prompt\.md\]\([^)\n]*\)\.?(?P<arguments>.*)\Z",
            (
                r"You are working on an issue in the '[^'\n]+' repository\..*?<problem_statement>"
                r"(?:.*?<issue_title>(?P<title>.*?)</issue_title>\s*<issue_description>(?P<description>.*?)</issue_description>.*\Z"
                r"|(?P<arguments>.*?)</problem_statement>.*\Z)"
            ),
        ),
    ),
    "goose": Frames(attached="info-msg", notices=(r"Your context was compacted\.",)),
    "kimi": Frames(summaries=(r"(?:<system>)?Previous context has been compacted\. Here is the compaction output:(?:</system>)?",)),
    "droid": Frames(summaries=(r"A previous instance of Droid has summarized the conversation[^\n]*:",)),
    "pi": Frames(
        summaries=(
            r"The conversation history before this point was compacted into the following summary:",
            r"The following is a summary of a branch that this conversation came back from:",
        ),
    ),
    "openhands": Frames(
        attached="EXTRA_INFO RUNTIME_INFORMATION REPOSITORY_INFO uploaded_files",
        notices=(r"Please continue working on the task on whatever approach you think is suitable\.",),
    ),
    "swe-agent": Frames(
        templates=(
            r"We're currently solving the following issue within our repository\..*?\nISSUE:\n(?P<arguments>.*?)\n+INSTRUCTIONS:\n.*\Z",
            r"We're currently solving the following CTF challenge\.(?P<arguments>.*?)\n+INSTRUCTIONS:\n.*\Z",
            r"<uploaded_files>.*?<pr_description>(?P<arguments>.*?)</pr_description>.*\Z",
        ),
    ),
    "aider": Frames(
        notices=(r"# Fix any errors below, if possible\.",),
        templates=(r"# Question: (?P<arguments>[^\n]*)\n+# Relevant docs:.*\Z",),
    ),
    "maestro": Frames(
        notices=(r"Provide a brief synopsis of what you just accomplished in this task using this exact format:",),
        templates=(
            r"# Maestro System Context\s.*?\n# User Request\s+(?P<arguments>.*)\Z",
            r"# Context\s+Your name is \*\*[^\n]* a Maestro-managed AI agent\..*?\n## Tasks\s+(?P<arguments>.*)\Z",
        ),
    ),
    "dspy": Frames(lines=(r"\[\[ ## \w+ ## \]\]",)),
    "spec-kit": Frames(
        templates=(
            r"(?:---\n.*?\n---\s+)?#+ User Input\s+```(?:text)?\n(?P<arguments>.*?)\n?```\s+You \*\*MUST\*\* consider the user input.*\Z",
            (
                r"(?:---\n.*?\n---\s+)?The user input to you can be provided directly by the agent or as a command argument.*?\nUser input:\s*\n"
                r"(?P<arguments>.*?)\n\s*\n(?:Goal:|Execution|Note:|Given|#|\d+[.)]).*\Z"
            ),
            r"Given the (?:feature description|implementation details) provided as an argument, do this:.*?(?:\nARGUMENTS: (?P<arguments>.*))?\Z",
        ),
    ),
    "bmad": Frames(
        templates=(
            r"You must fully embody this agent's persona.*?</agent-activation>(?P<arguments>.*)\Z",
            r"You must fully embody this agent's persona.*\Z",
            r"(?:Command Trigger: [^\n]*\s+)?IT IS CRITICAL THAT YOU FOLLOW TH.*?</steps>(?P<arguments>.*)\Z",
            r"(?:Command Trigger: [^\n]*\s+)?IT IS CRITICAL THAT YOU FOLLOW TH.*\Z",
            r"(?:# /[^\n]* Command\s+)?When this command is used, (?:adopt|execute) the following .*\Z",
            r"(?:<!-- Powered by BMAD[^\n]*\s+)(?:#|ACTIVATION).*\Z",
            r"ACTIVATION-NOTICE: This file contains your full agent operating guidelines.*\Z",
            r"(?:# [^\n]*\s+)?Read the entire task file at: .*\Z",
        ),
    ),
}

_SUMMARY_END = re.compile(
    r"\n\s*(?:If you need specific details from before compaction|(?:Please )?[Cc]ontinue the conversation from where (?:it|we) left |"
    r"\**IMPORTANT: this summary is just for your reference|Resume directly|Resume the prior task using the summary|The messages after this summary are|Recent messages are preserved verbatim)"
)
_INSIDE = re.compile(
    r"^[^\n]{0,20}This session is being continued from a previous conversation.*?"
    r"(?:^(?:Please )?[Cc]ontinue the conversation from where [^\n]*(?:\s*^(?:The messages after|Recent messages) [^\n]*)?|(?=^---$)|\Z)",
    re.S | re.M,
)
"""A compaction among prompts that were copied together."""
_REASONING = re.compile(r"<analysis>.*?</analysis>\s*|\A\s*Analysis:\s*\n.*?(?=^Summary:\s*$)", re.S | re.M)
_SUMMARY_TAG = re.compile(r"(?m)\A\s*Summary:\s*|^</?summary>[ \t]*\n?|</summary>\s*\Z")
_SECTION_TAG = re.compile(r"<(/?)([a-z]+(?:_[a-z]+)*)>")
_FILES, _FILES_END = "--- Content from referenced files ---", "--- End of content ---"
SLASH_COMMAND = re.compile(r"\s*(?:<command-message>[^<]*</command-message>\s*)?<command-name>\s*(/[\w:.-]+)\s*</command-name>")
"""A command of a client's that a person typed; its expansion is not the person's text."""
_SETTINGS = re.compile(
    r"/(?:add|add-dir|agents|chat-mode|clear|compact|config|context|copy|copy-context|cost|doctor|drop|editor-model|effort|exit|export|fast|"
    r"fork|help|hooks|ide|keybindings|login|logout|ls|map|map-refresh|mcp|memory|model|models|multiline-mode|new|output-style|permissions|"
    r"plugin|quit|read-only|reasoning-effort|release-notes|rename|reset|resume|rewind|sandbox|save|settings|stats|status|statusline|"
    r"terminal-setup|theme|think-tokens|thinking|tokens|upgrade|usage|vim|voice|weak-model)(?:\s+\S[^\n]*)?\s*"
)
"""A command that only sets or shows something of the client: it asks the agent for nothing."""
_MAX_PASSES = 4
"""Frames within frames are few."""


def unframe(text: str) -> tuple[str, Mark]:
    """Return the person's words in *text*, as `said`; the body of a compaction's summary, as `summary`; or nothing, as `injected`."""
    framed = text.strip()
    words = framed if _summaries().match(framed) else _typed_words(framed)
    if words and (command := SLASH_COMMAND.match(framed)) and words in framed and "<command-args>" in framed:
        words = f"{command[1]} {words}"
    if words.startswith("/") and is_client_setting(words):
        return "", "injected"
    if _summaries().match(words):
        return read_summary(words), "summary"
    return words, "said" if words or not framed else "injected"


def is_client_setting(text: str) -> bool:
    """Whether a line is a command that only sets or shows something of the client: "/model opus", "/add src/"."""
    return _SETTINGS.fullmatch(text) is not None


def read_summary(text: str) -> str:
    """Return the body of a compaction's summary: without the wrapper's words, the reminders and the reasoning before it. Tags that serve as
    headings become headings.
    """
    text = text.strip()
    if opening := _summaries().match(text):
        text = text if text.startswith("<state_snapshot>") else text[opening.end() :]
    text = _strip_attached(_REASONING.sub("", text))
    if end := _SUMMARY_END.search(text):
        text = text[: end.start()]
    text = _SUMMARY_TAG.sub("", text).strip()
    if "<state_snapshot>" in text:
        before, _, snapshot = text.partition("<state_snapshot>")
        snapshot = _SECTION_TAG.sub(
            lambda tag: "\n" if tag[1] or tag[2] == "scratchpad" else f"\n## {tag[2].replace('_', ' ').capitalize()}\n",
            snapshot.replace("</state_snapshot>", ""),
        )
        text = re.sub(r"\n\s*\n\s*", "\n\n", f"{before}\n{snapshot}").strip()
    return text


def strip_attached(text: str) -> str:
    """Return *text* without what programs attach in tags; tags around a person's words are left to `unframe`."""
    return _strip_attached(text) if "<" in text or _FILES in text else text


def _typed_words(text: str) -> str:
    for _ in range(_MAX_PASSES):
        before = text
        if _notices().match(text):
            return ""
        if template := _find_template(text):
            text = "\n\n".join(part.strip() for part in template.groupdict().values() if part and part.strip())
        if "<" in text or _FILES in text:
            text = _unwrap(_strip_leading(_strip_attached(text)))
        text = _lines().sub("", text).strip() if _line_hints().search(text) else text.strip()
        if "This session is being continued" in text and not _summaries().match(text):
            text = _INSIDE.sub("", text).strip()
        if len(text) > 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1].replace('\\"', ""):
            text = text[1:-1].replace('\\"', '"').strip()  # OpenCode quotes a prompt from its command line.
        if text == before:
            break
    return text


def _find_template(text: str) -> re.Match[str] | None:
    """Return the match of the first template that *text* is, with the person's arguments as its groups."""
    if not _template_hints().search(text):
        return None
    return next((match for pattern in _templates() if (match := pattern.match(text))), None)


def _strip_leading(text: str) -> str:
    """Return *text* without the tags at its beginning, also if they are on one line or never end."""
    while opening := _leading_tag().match(text):
        _, closing, rest = text[opening.end() :].partition(f"</{opening[1]}>")
        text = rest.strip() if closing else ""
    return text


def _unwrap(text: str) -> str:
    """Return *text* with the person's words out of their tags."""
    pieces: list[str] = []
    only: list[str] = []
    position = 0
    while opening := _typed_tag().search(text, position):
        end = text.find(f"</{opening[1]}>", opening.end())
        words = text[opening.end() : None if end < 0 else end].strip()
        pieces += (text[position : opening.start()], words, "\n")
        only += [words] if opening[1] in _only_tags() else []
        position = len(text) if end < 0 else end + len(opening[1]) + 3
    if only:
        return "\n\n".join(filter(None, only))
    return "".join((*pieces, text[position:])).strip() if pieces else text


def _strip_attached(text: str) -> str:
    pieces: list[str] = []
    position, searched = 0, 0
    unclosed: set[str] = set()
    while match := _attached_tag().search(text, searched):
        tag = match[1] or match[2]
        end = -1 if tag in unclosed else text.find(f"</{tag}>", match.end())
        searched = match.end()
        if end < 0:
            # One search per tag: hostile text may open thousands that never close.
            unclosed.add(tag)
            continue
        pieces.append(text[position : match.start()])
        position = searched = end + len(tag) + 3
    text = "".join((*pieces, text[position:]))
    start, end = text.find(_FILES), text.rfind(_FILES_END)
    if start >= 0:
        text = text[:start] + (text[end + len(_FILES_END) :] if end > start else "")
    return text.strip()


def _alternatives(field: str) -> str:
    """Return the tags in *field* of every client as one pattern, the longest first."""
    tags = {tag for frames in FRAMES.values() for tag in getattr(frames, field).split()}
    return "|".join(sorted(map(re.escape, tags), key=len, reverse=True))


def _patterns(field: str) -> list[str]:
    return list(chain.from_iterable(getattr(frames, field) for frames in FRAMES.values()))


@cache
def _attached_tag() -> re.Pattern[str]:
    anywhere = "system-reminder|system_reminder|hook_context"
    at_an_edge = r"(?:^[ \t>]*|[ \t](?=<[^>\n]*>[ \t]*$))"
    return re.compile(rf"(?m){at_an_edge}<({_alternatives('attached')})\b[^>\n]*(?<!/)>|<({anywhere})>")


@cache
def _leading_tag() -> re.Pattern[str]:
    return re.compile(rf"\s*<({_alternatives('attached')})(?: [^>\n]*)?>")


@cache
def _typed_tag() -> re.Pattern[str]:
    return re.compile(rf"(?m)^[ \t]*<({_alternatives('typed')}|{_alternatives('only')})(?: [^>\n]*)?>")


@cache
def _only_tags() -> frozenset[str]:
    return frozenset(tag for frames in FRAMES.values() for tag in frames.only.split())


@cache
def _notices() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in _patterns("notices")))


@cache
def _lines() -> re.Pattern[str]:
    return re.compile(rf"(?m)^[ \t]*(?:{'|'.join(_patterns('lines'))})[ \t]*$\n?")


@cache
def _line_hints() -> re.Pattern[str]:
    return re.compile(
        r"\[Request interrupted|\[Image: |Read the output file|Full transcript|If you need specific|New instructions|The user has|\[\[ ## "
    )


@cache
def _template_hints() -> re.Pattern[str]:
    """Return a pattern that any expanded template matches: trying each of them on every message would be slow."""
    return re.compile(
        r"\A(?:---\n|#|<!--|<uploaded_files>|ACTIVATION|IT IS CRITICAL|Command Trigger|You (?:must fully|are a code reviewer|are working on an issue)|When this command|"
        r"We're currently solving|Given the |The user input to you|Follow instructions in \[|Read the entire task)|\n\nARGUMENTS: |--- Cursor Command: "
    )


@cache
def _templates() -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.S) for pattern in _patterns("templates")]


@cache
def _summaries() -> re.Pattern[str]:
    return re.compile("|".join(_patterns("summaries")), re.S)

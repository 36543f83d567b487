"""The server: the tools, a prompt and a resource on the official SDK, and what stands around every call."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from anyio import move_on_after
from mcp.server.lowlevel import Server as LowLevelServer
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError

from onward import __name__ as program
from onward import __version__
from onward.app import access
from onward.core.master_prompt import render_prompt
from onward.errors import NotAllowed, OnwardError
from onward.mcp.answers import failure
from onward.mcp.desk import ASKING, Agent, Desk, folder_of
from onward.mcp.tools import Tools, within

INSTRUCTIONS = (
    "Onward carries a project's knowledge from session to session, across agents. When work on a project begins, call start_session and go on from what it returns; not where you "
    "were given a handoff already ('You continue work that earlier sessions began'). "
    "While working, record_fact what later sessions must know, and search earlier sessions before asking the user again or debugging anew. When work ends, or context or credits "
    "run low, call complete_session."
)

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_REPEATS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
TOOLS = {
    "start_session": _WRITES,
    "get_handoff": _READS,
    "search": _READS,
    "get_source": _READS,
    "record_fact": _REPEATS,
    "save_turns": _REPEATS,
    "complete_session": _REPEATS,
    "troubleshoot": _READS,
}
"""What each tool does to the store. What reads is for a `read` token, the rest for a `write` token."""

ROOTS_SECONDS = 2.0


class Server(MCPServer[Any]):
    """The SDK's server, with arguments and failures told in our words, and each tool held to how far the caller reaches."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            program,
            title="Onward",
            version=__version__,
            instructions=INSTRUCTIONS,
            tools=_tools(desk),
            log_level="CRITICAL",
            subscriptions=False,
        )
        self._may_ask_for_roots = desk.folder is not None
        self._add_documents(desk)

    @property
    def protocol(self) -> LowLevelServer[Any]:
        """The server below, which a transport talks to."""
        return self._lowlevel_server

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Return what the tool answers. Whatever goes wrong is an answer, too: the agent reads it, and does better."""
        try:
            self._check(name, arguments, context)
            ASKING.set(await self._agent(arguments, context))
            return await super().call_tool(name, arguments, context)
        except OnwardError as error:
            return failure(str(error))
        except ToolError as error:
            return failure(_said(name, error))

    def _check(self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None) -> None:
        tool = self._tool_manager.get_tool(name)
        if tool is None:
            raise ToolError(f"There is no tool {name!r}. There are: {', '.join(TOOLS)}.")
        known = tool.parameters["properties"]
        if unknown := [one for one in arguments if one not in known]:
            raise ToolError(f"{name} takes no {unknown[0]!r}. It takes: {', '.join(known)}.")
        request = context.request_context.request if context else None
        reach = request.scope.get(access.CALLER, access.Caller("read")).reach if request is not None else "admin"
        if not TOOLS[name].read_only_hint and reach == "read":
            raise NotAllowed(
                f"{name} needs an access token of scope write, and yours is of scope {reach}.",
                "Ask for one: onward access new NAME --scope write",
            )

    async def _agent(self, arguments: dict[str, Any], context: Context[Any, Any] | None) -> Agent:
        """Return who asks. Where the project is named, the agent is not asked where it works."""
        if context is None:
            return Agent()
        params = context.session.client_params
        name = _name_of(params.client_info.name) if params else ""
        return Agent(name, None if arguments.get("project") else await self._root(context))

    async def _root(self, context: Context[Any, Any]) -> Path | None:
        """Return the first folder that the agent says it works in, where it can say so."""
        told = context.client_capabilities
        if not (self._may_ask_for_roots and told and told.roots):
            return None
        with move_on_after(ROOTS_SECONDS):
            try:
                with warnings.catch_warnings():
                    # Newer agents have no such thing; those that have are asked.
                    warnings.simplefilter("ignore")
                    roots = (await context.session.list_roots()).roots
            except Exception:  # noqa: BLE001 - an agent that cannot answer works where it started us
                roots = []
            return Path(folder_of(str(roots[0].uri))) if roots else None
        # It said that it could, and did not answer: it will not be waited for again.
        self._may_ask_for_roots = False
        return None

    def _add_documents(self, desk: Desk) -> None:
        """Add the prompt that a person chooses, and the handoff as a document that a person attaches: neither costs an agent anything before that."""

        def prompt(project: str = "", goal: str = "") -> str:
            return render_prompt(within(desk.store, desk.project(project)).handoff, next_goal=goal)

        def document(project: str) -> str:
            try:
                return within(desk.store, desk.project(project)).markdown
            except OnwardError as error:
                raise ResourceError(str(error)) from error

        self.prompt("continue", description="Go on with a project from its handoff.")(prompt)
        self.resource("onward://handoff/{project}", name="handoff", description="A project's master handoff.", mime_type="text/markdown")(
            document
        )


def _tools(desk: Desk) -> list[Tool]:
    tools = Tools(desk)
    made = []
    for name, hints in TOOLS.items():
        function = getattr(tools, name)
        tool = Tool.from_function(
            _in_words(name, function), name=name, description=function.__doc__, annotations=hints, structured_output=False
        )
        tool.parameters = _lightened(tool.parameters)
        made.append(tool)
    return made


def _in_words(name: str, function: Callable[..., CallToolResult]) -> Callable[..., CallToolResult]:
    """Return *function* with its failures as answers."""

    @wraps(function)
    def answered(*given: Any, **named: Any) -> CallToolResult:
        try:
            return function(*given, **named)
        except OnwardError as error:
            return failure(str(error))
        except Exception as error:  # noqa: BLE001 - the agent gets a sentence, and the log says where; what it was about is nobody's business
            _tell(name, error)
            return failure(f"This is a defect of Onward ({type(error).__name__} in {name}). Work on without it, and tell the user.")

    return answered


def _tell(tool: str, error: Exception) -> None:
    """Write to the log where a tool failed."""
    # Imported here: an agent that is waiting for us to start need not wait for this.
    import structlog

    log = structlog.get_logger() if structlog.is_configured() else structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = [f"{one.filename.rpartition('/')[2]}:{one.lineno} {one.name}" for one in frames]
    log.error("failed", tool=tool, error=type(error).__name__, where=where)


def _lightened(schema: Any) -> Any:
    """Return a schema without what a model does not need: titles, defaults that mean "nothing", and the null beside a type."""
    if isinstance(schema, list):
        return [_lightened(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    either = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(either) == 1:
        schema = {**either[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    kept = {
        key: value
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value in (None, "", []))
    }
    return {
        key: _lightened(value)
        for key, value in kept.items()
        if key not in ("minLength", "maxLength", "minItems", "maxItems", "additionalProperties")
    }


def _said(name: str, error: ToolError) -> str:
    """Return in words what is wrong with a call. The values are the caller's own: they are not repeated."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return str(error)
    found = [
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
        for one in cause.errors(include_url=False, include_input=False, include_context=False)
    ]
    return f"{name} was not called right. {'; '.join(found[:5])}."


def _name_of(client: str) -> str:
    """Return the agent as transcripts call it, from what it calls itself to servers."""
    client = client.lower()
    return next(
        (
            agent
            for mark, agent in (("claude-code", "claude-code"), ("codex", "codex"), ("gemini", "gemini-cli"), ("cursor", "cursor"))
            if mark in client
        ),
        client[:100],
    )

"""The MCP server on the official SDK: tools, a prompt and a resource, and the checks around every call."""

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
from onward.app.admin import access
from onward.core.agents import detect_agent
from onward.core.handoff.prompt import render_prompt
from onward.errors import NotAllowed, OnwardError
from onward.mcp.answers import failure
from onward.mcp.context import CALLING_AGENT, CallingAgent, McpContext, folder_path
from onward.mcp.tools import Tools, current_handoff
from onward.message import Message

INSTRUCTIONS = (
    "Onward carries a project's knowledge from session to session, across agents. When work on a project begins, call start_session and "
    "go on from what it returns; not where you were given a handoff already ('You continue work that earlier sessions began'). "
    "While working, record_fact what later sessions must know, and search earlier sessions before asking the user again or debugging anew. "
    "When work ends, or context or credits run low, call complete_session, then write_handoff while you still know what happened."
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
    "write_handoff": _WRITES,
    "troubleshoot": _READS,
}
"""The effect of each tool on the store. Tools that read need a `read` token, the others a `write` token."""

ROOTS_SECONDS = 2.0


class McpServer(MCPServer[Any]):
    """The SDK's server, with plain messages for wrong arguments and failures, and a scope check for each tool."""

    def __init__(self, context: McpContext) -> None:
        super().__init__(
            program,
            title="Onward",
            version=__version__,
            instructions=INSTRUCTIONS,
            tools=_create_tools(context),
            log_level="CRITICAL",
            subscriptions=False,
        )
        self._can_list_roots = context.folder is not None
        self._add_documents(context)

    @property
    def protocol(self) -> LowLevelServer[Any]:
        """The SDK's low-level server, which a transport talks to."""
        return self._lowlevel_server

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Return the tool's answer. Failures are answers, too, so that the agent reads them and corrects its call."""
        try:
            self._check_call(name, arguments, context)
            CALLING_AGENT.set(await self._calling_agent(arguments, context))
            return await super().call_tool(name, arguments, context)
        except OnwardError as error:
            return failure(str(error))
        except ToolError as error:
            return failure(_explain(name, error))

    def _check_call(self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None) -> None:
        tool = self._tool_manager.get_tool(name)
        if tool is None:
            raise ToolError(f"There is no tool {name!r}. There are: {', '.join(TOOLS)}.")
        parameters = tool.parameters["properties"]
        if unknown := [argument for argument in arguments if argument not in parameters]:
            raise ToolError(f"{name} takes no {unknown[0]!r}. It takes: {', '.join(parameters)}.")
        request = context.request_context.request if context else None
        reach = request.scope.get(access.CALLER, access.Caller("read")).scope if request is not None else "admin"
        if not TOOLS[name].read_only_hint and reach == "read":
            raise NotAllowed(
                Message("{tool} needs an access token of scope write; yours has scope {scope}.", tool=name, scope=reach),
                "Create one: onward access new NAME --scope write",
            )

    async def _calling_agent(self, arguments: dict[str, Any], context: Context[Any, Any] | None) -> CallingAgent:
        """Return the calling agent. It is only asked for its folder if the call names no project."""
        if context is None:
            return CallingAgent()
        params = context.session.client_params
        name = _agent_name(params.client_info.name) if params else ""
        return CallingAgent(name, None if arguments.get("project") else await self._agent_root(context))

    async def _agent_root(self, context: Context[Any, Any]) -> Path | None:
        """Return the first folder that the agent says it works in; None if it cannot say."""
        capabilities = context.client_capabilities
        if not (self._can_list_roots and capabilities and capabilities.roots):
            return None
        with move_on_after(ROOTS_SECONDS):
            try:
                with warnings.catch_warnings():
                    # The SDK warns that roots are deprecated; agents that still offer them are asked.
                    warnings.simplefilter("ignore")
                    roots = (await context.session.list_roots()).roots
            except Exception:  # noqa: BLE001 - an agent that cannot answer works in the folder where it started the server
                roots = []
            return Path(folder_path(str(roots[0].uri))) if roots else None
        # The agent did not answer in time: do not wait for it again.
        self._can_list_roots = False
        return None

    def _add_documents(self, context: McpContext) -> None:
        """Add the prompt that a person chooses and the handoff that a person attaches as a document. Neither takes tokens until then."""

        def prompt(project: str = "", goal: str = "") -> str:
            return render_prompt(current_handoff(context.store, context.require_project(project)).handoff, next_goal=goal)

        def document(project: str) -> str:
            try:
                return current_handoff(context.store, context.require_project(project)).markdown
            except OnwardError as error:
                raise ResourceError(str(error)) from error

        self.prompt("continue", description="Go on with a project from its handoff.")(prompt)
        self.resource("onward://handoff/{project}", name="handoff", description="A project's master handoff.", mime_type="text/markdown")(
            document
        )


def _create_tools(context: McpContext) -> list[Tool]:
    tools = Tools(context)
    created_tools = []
    for name, hints in TOOLS.items():
        function = getattr(tools, name)
        tool = Tool.from_function(
            _with_error_answers(name, function),
            name=name,
            description=" ".join(function.__doc__.split()),
            annotations=hints,
            structured_output=False,
        )
        tool.parameters = _simplify_schema(tool.parameters)
        created_tools.append(tool)
    return created_tools


def _with_error_answers(name: str, function: Callable[..., CallToolResult]) -> Callable[..., CallToolResult]:
    """Return *function* with its errors turned into failure answers."""

    @wraps(function)
    def answer_call(*arguments: Any, **keywords: Any) -> CallToolResult:
        try:
            return function(*arguments, **keywords)
        except OnwardError as error:
            return failure(str(error))
        except Exception as error:  # noqa: BLE001 - the agent gets a sentence and the log the place; the error's text may hold content
            _log_failure(name, error)
            return failure(f"This is a bug in Onward ({type(error).__name__} in {name}). Continue without it, and tell the user.")

    return answer_call


def _log_failure(tool: str, error: Exception) -> None:
    """Log where a tool failed."""
    # Imported here, so that the server starts faster.
    import structlog

    log = structlog.get_logger() if structlog.is_configured() else structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    locations = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    log.error("failed", tool=tool, error=type(error).__name__, where=locations)


def _simplify_schema(schema: Any) -> Any:
    """Return *schema* without what a model does not need: titles, empty defaults, and the null beside a type."""
    if isinstance(schema, list):
        return [_simplify_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        schema = {**options[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    needed_fields = {
        key: value
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value in (None, "", []))
    }
    return {
        key: _simplify_schema(value)
        for key, value in needed_fields.items()
        if key not in ("minLength", "maxLength", "minItems", "maxItems", "additionalProperties")
    }


def _explain(name: str, error: ToolError) -> str:
    """Return what is wrong with a call, in words. The values are not repeated: the caller knows them."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return str(error)
    problems = [
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        for problem in cause.errors(include_url=False, include_input=False, include_context=False)
    ]
    return f"{name} was called with wrong arguments. {'; '.join(problems[:5])}."


def _agent_name(client: str) -> str:
    """Return the name that transcripts give the agent, from its MCP client name."""
    return detect_agent(client) or client.lower()[:100]

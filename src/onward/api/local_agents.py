"""The agents of the server's own machine: programs of that machine may have their transcripts imported."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request

from onward.api.context import ApiContext
from onward.api.middleware.access import is_local
from onward.app.transcripts.local_agents import LocalAgents
from onward.core.project import Project
from onward.errors import BadInput, NotAllowed
from onward.message import Message
from onward.settings import read_machine


def require_local_agents(context: ApiContext, request: Request, project: Project) -> LocalAgents:
    """Return where agents of the server's machine wrote transcripts of *project*. Raises `NotAllowed` for callers of other machines,
    `BadInput` without a folder.
    """
    if not is_local(request.scope):
        raise NotAllowed("Only callers on the server's machine can import its agents' files.", "Send new turns to /conversations/save.")
    if not project.root:
        raise BadInput(
            Message("{project} has no folder.", project=project.name), "Send new turns to /conversations/save, or import the transcript."
        )
    return LocalAgents(read_machine(), Path(project.root), project, context.settings.worktrees)

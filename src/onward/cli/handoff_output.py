"""Output formats of a handoff: Markdown to read, a prompt for an agent, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from onward.cli.presentation import as_json_text
from onward.core.handoff.document import Handoff, render, to_json
from onward.core.handoff.prompt import render_prompt
from onward.core.preservation.scores import Preservation
from onward.core.text.printable import printable

OutputFormat: TypeAlias = Literal["markdown", "prompt", "json"]
FORMATS: tuple[OutputFormat, ...] = ("markdown", "prompt", "json")


def format_handoff(
    handoff: Handoff,
    preservation: Preservation,
    format: OutputFormat,
    *,
    sources: bool = True,
    next_goal: str = "",
    agent: str = "",
    extra: Mapping[str, object] | None = None,
) -> str:
    """Return the handoff in *format*, ending in a newline. JSON has the keys of *extra* beside `handoff` and `preservation`."""
    if format == "json":
        return as_json_text({"handoff": to_json(handoff), "preservation": preservation.to_json(), **(extra or {})}) + "\n"
    if format == "prompt":
        return printable(render_prompt(handoff, next_goal=next_goal, agent=agent))
    return printable(render(handoff, sources=sources))

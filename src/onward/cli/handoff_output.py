"""Output formats of a handoff: Markdown to read, a prompt for an agent, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from onward.cli.presentation import as_json_text
from onward.core.text.printable import printable

if TYPE_CHECKING:
    from onward.core.handoff.document import Handoff
    from onward.core.preservation.scores import Preservation

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
    # Imported here: commands that only name the formats do without them.
    from onward.core.handoff.document import render, to_json

    if format == "json":
        return as_json_text({"handoff": to_json(handoff), "preservation": preservation.to_json(), **(extra or {})}) + "\n"
    if format == "prompt":
        from onward.core.handoff.prompt import render_prompt

        return printable(render_prompt(handoff, next_goal=next_goal, agent=agent))
    return printable(render(handoff, sources=sources))

"""The value of options and arguments that name an agent."""

from __future__ import annotations

from collections.abc import Sequence

import click

from onward.core.agents import agent_id


class AgentName(click.ParamType[str]):
    """An agent among *ids*, in any spelling; the value is its id."""

    name = "agent"

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id of the agent that *value* names. Fails for an agent that is not among the ids."""
        identifier = agent_id(value)
        if identifier not in self.ids:
            self.fail(f"{value!r} is not one of {', '.join(map(repr, self.ids))}.", param, ctx)
        return identifier

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Return how the help shows the values."""
        return "[" + "|".join(self.ids) + "]" if isinstance(param, click.Option) else None

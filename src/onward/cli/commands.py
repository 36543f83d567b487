"""The commands as the framework sees them: one table, loaded one by one as they are called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import click

from onward import __version__
from onward.cli import fast_commands
from onward.cli.context import SERVER_KEY
from onward.errors import BadInput


class CommandHelp(NamedTuple):
    """Where a command lives, and what it does in one line."""

    name: str
    summary: str
    target: str


def _quick_help(command: fast_commands.QuickCommand) -> CommandHelp:
    return CommandHelp(command.name, command.summary, "")


GROUPS: dict[str, tuple[CommandHelp, ...]] = {
    "Try it": (
        CommandHelp("demo", "Show the whole loop on sample sessions.", "onward.cli.demo:demo"),
        _quick_help(fast_commands.DISTILL),
        _quick_help(fast_commands.READ),
        CommandHelp("compress", "Make a long text short.", "onward.cli.compress:compress"),
    ),
    "At home in your agents": (
        CommandHelp("install", "Bring the handoff into an agent's sessions.", "onward.cli.agents:install"),
        CommandHelp("hook", "Answer an agent's hook.", "onward.cli.agents:hook"),
        CommandHelp("sweep", "Take in what never said goodbye.", "onward.cli.agents:sweep"),
    ),
    "Keep a project": (
        CommandHelp("import", "Bring transcripts into the store.", "onward.cli.imports:import_"),
        CommandHelp("project", "Make, list and put away projects.", "onward.cli.project:project"),
        CommandHelp("session", "Begin, complete and look at sessions.", "onward.cli.session:session"),
        CommandHelp("handoff", "Print what the next session should know.", "onward.cli.handoff:handoff"),
        CommandHelp("next", "Hand over when a limit is reached.", "onward.cli.next:next_"),
        CommandHelp("template", "Keep what sessions of a kind are for.", "onward.cli.template:template"),
        CommandHelp("account", "Keep accounts, and know which is next.", "onward.cli.account:account"),
    ),
    "Serve": (
        CommandHelp("serve", "Serve the API on this machine.", "onward.cli.serve:serve"),
        CommandHelp("access", "Let others in, and shut them out.", "onward.cli.access:access_"),
        CommandHelp("mcp", "Answer an agent over MCP.", "onward.cli.mcp:mcp"),
    ),
    "Look things up, and correct them": (
        CommandHelp("search", "Find passages in everything that was kept.", "onward.cli.search:search"),
        CommandHelp("source", "Show the exact turns behind a line.", "onward.cli.search:source"),
        CommandHelp("fact", "See and correct what Onward knows.", "onward.cli.fact:fact"),
        CommandHelp("knowledge", "Find what was learned, in any project.", "onward.cli.knowledge:knowledge_"),
        CommandHelp("troubleshoot", "Say what is known of an error.", "onward.cli.troubleshoot:troubleshoot"),
        CommandHelp("files", "List the files that sessions touched.", "onward.cli.files:files"),
        CommandHelp("analytics", "See how sessions grow, and what recurs.", "onward.cli.analytics:analytics_"),
    ),
    "Language models": (
        CommandHelp("llm-key", "Keep the key that opens a model.", "onward.cli.llm:llm_key"),
        CommandHelp("spend", "Show what asking models cost.", "onward.cli.llm:spend"),
    ),
    "Care": (
        CommandHelp("rebuild", "Extract a project's facts anew.", "onward.cli.rebuild:rebuild"),
        CommandHelp("backup", "Copy the whole store to a file.", "onward.cli.backup:backup"),
        CommandHelp("restore", "Put such a copy back.", "onward.cli.backup:restore"),
        CommandHelp("purge-secret", "Take a secret out of all that is kept.", "onward.cli.purge:purge_secret"),
        CommandHelp("worker", "Carry out background work.", "onward.cli.worker:worker"),
        CommandHelp("db", "Migrate, open, copy or empty the store.", "onward.cli.db:db"),
        CommandHelp("doctor", "Say what is wrong, and how to mend it.", "onward.cli.doctor:doctor"),
    ),
}

DESCRIPTION = """Turns the sessions of AI agents into one evolving handoff per project, and measures what it keeps.

A session ends when credits, context or patience do. Onward reads its transcript and writes the handoff that the next session starts with."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is called, and lists all by what they are for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands in the order of the help."""
        return [entry.name for entries in GROUPS.values() for entry in entries]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported now; None where there is none."""
        if cmd_name in fast_commands.COMMANDS:
            return _to_click_command(fast_commands.COMMANDS[cmd_name])
        for entries in GROUPS.values():
            for entry in entries:
                if entry.name == cmd_name:
                    module, attribute = entry.target.split(":")
                    command: click.Command = getattr(import_module(module), attribute)
                    return command
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* name; for a name that is nearly one of ours, say which."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close_names = get_close_matches(args[0], self.list_commands(ctx), n=1)
            raise BadInput(
                error.format_message(), f"Did you mean: onward {close_names[0]}" if close_names else "See: onward --help"
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under what they are for."""
        for title, entries in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(entry.name, entry.summary) for entry in entries], col_max=12)


def _to_click_command(command: fast_commands.QuickCommand) -> click.Command:
    """Return the framework's view of a quick command: its help, and its errors."""

    def run_quick(file: tuple[str, ...] | str, **values: Any) -> int:
        files = [file] if isinstance(file, str) else list(file)
        return fast_commands.call_command(command, files, {name.replace("_", "-"): value for name, value in values.items()})

    parameters: list[click.Parameter] = [click.Argument(["file"], nargs=-1 if command.takes_many_files else 1, required=True)]
    parameters += [_to_click_option(option) for option in command.options]
    return click.Command(command.name, callback=run_quick, params=parameters, help=command.help, short_help=command.summary)


def _to_click_option(option: fast_commands.Option) -> click.Option:
    flag = "--" + option.name
    if option.choices:
        return click.Option([flag], type=click.Choice(option.choices), default=option.default, show_default=True, help=option.help)
    if option.takes_number:
        return click.Option([flag], type=click.IntRange(min=1), metavar="N", help=option.help)
    if option.metavar:
        return click.Option([flag], metavar=option.metavar, help=option.help)
    return click.Option([flag], is_flag=True, help=option.help)


@click.group(
    cls=LazyGroup,
    help=DESCRIPTION,
    epilog="`onward COMMAND --help` tells more, with examples.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="onward %(version)s")
@click.option(
    "--server",
    metavar="URL",
    help="Work on the store of the Onward there, not on this machine's own; \"\" for this machine's, where ONWARD_SERVER names one.",
)
def onward(server: str | None) -> None:
    """Answer for the group itself; its help is `ABOUT`."""
    click.get_current_context().meta[SERVER_KEY] = server


def run(arguments: list[str]) -> int:
    """Run the command that *arguments* name and return its exit code."""
    try:
        code = onward.main(args=arguments, prog_name="onward", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        return 0
    except click.UsageError as error:
        raise BadInput(error.format_message(), f"See: {error.ctx.command_path if error.ctx else 'onward'} --help") from error
    except click.ClickException as error:
        raise BadInput(error.format_message()) from error
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return code if isinstance(code, int) else 0

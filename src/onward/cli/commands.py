"""The table of commands. Each is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import click

from onward import __version__
from onward.cli import fast_commands
from onward.cli.context import SERVER_KEY
from onward.errors import BadInput
from onward.message import Message


class CommandHelp(NamedTuple):
    """A command's name, its one-line summary, and the `module:attribute` that implements it."""

    name: str
    summary: str
    target: str


def _quick_help(command: fast_commands.QuickCommand) -> CommandHelp:
    return CommandHelp(command.name, command.summary, "")


GROUPS: dict[str, tuple[CommandHelp, ...]] = {
    "Try it": (
        CommandHelp("demo", "Run the full workflow on sample sessions.", "onward.cli.demo:demo"),
        _quick_help(fast_commands.DISTILL),
        _quick_help(fast_commands.READ),
        CommandHelp("compress", "Compress a long text.", "onward.cli.compress:compress"),
    ),
    "Connect your agents": (
        CommandHelp("install", "Connect Onward to a coding agent.", "onward.cli.agents:install"),
        CommandHelp("hook", "Handle an agent's hook call.", "onward.cli.agents:hook"),
        CommandHelp("statusline", "Print the status line for an agent.", "onward.cli.agents:statusline"),
        CommandHelp("sweep", "Import unfinished agent sessions.", "onward.cli.agents:sweep"),
    ),
    "Projects and sessions": (
        CommandHelp("import", "Import transcripts.", "onward.cli.imports:import_"),
        CommandHelp("project", "Create, list and archive projects.", "onward.cli.project:project"),
        CommandHelp("session", "Start, complete and inspect sessions.", "onward.cli.session:session"),
        CommandHelp("handoff", "Print a project's handoff.", "onward.cli.handoff:handoff"),
        CommandHelp("next", "Complete and continue elsewhere.", "onward.cli.next:next_"),
        CommandHelp("resume", "Resume a session in its own agent.", "onward.cli.resume:resume"),
        CommandHelp("template", "Manage session templates.", "onward.cli.template:template"),
        CommandHelp("account", "Track accounts and their credits.", "onward.cli.account:account"),
    ),
    "Servers": (
        CommandHelp("serve", "Run the dashboard and the HTTP API.", "onward.cli.serve:serve"),
        CommandHelp("access", "Manage access tokens.", "onward.cli.access:access_"),
        CommandHelp("mcp", "Run an MCP server for one agent.", "onward.cli.mcp:mcp"),
    ),
    "Search and correct": (
        CommandHelp("search", "Search stored transcripts.", "onward.cli.search:search"),
        CommandHelp("source", "Show the turns behind a line.", "onward.cli.search:source"),
        CommandHelp("fact", "List and correct a project's facts.", "onward.cli.fact:fact"),
        CommandHelp("knowledge", "Search and edit the knowledge base.", "onward.cli.knowledge:knowledge_"),
        CommandHelp("troubleshoot", "Find fixes for an error.", "onward.cli.troubleshoot:troubleshoot"),
        CommandHelp("files", "List the files that sessions changed.", "onward.cli.files:files"),
        CommandHelp("analytics", "Show efficiency and recurring problems.", "onward.cli.analytics:analytics_"),
    ),
    "Language models": (
        CommandHelp("llm-key", "Manage the API key of a model.", "onward.cli.llm:llm_key"),
        CommandHelp("spend", "Show what language models cost.", "onward.cli.llm:spend"),
    ),
    "Maintenance": (
        CommandHelp("rebuild", "Re-extract a project's facts.", "onward.cli.rebuild:rebuild"),
        CommandHelp("backup", "Back up the store to a file.", "onward.cli.backup:backup"),
        CommandHelp("restore", "Restore the store from a backup.", "onward.cli.backup:restore"),
        CommandHelp("purge-secret", "Remove a secret from the store.", "onward.cli.purge:purge_secret"),
        CommandHelp("worker", "Run background jobs.", "onward.cli.worker:worker"),
        CommandHelp("db", "Migrate, copy, query or reset the store.", "onward.cli.db:db"),
        CommandHelp("doctor", "Check for problems.", "onward.cli.doctor:doctor"),
    ),
}

DESCRIPTION = """Turn the sessions of AI agents into one evolving handoff per project, and measure what it preserves.

Onward reads the transcript of a session and writes the handoff that the next session starts with."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is called, and lists the commands by purpose."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands in the order of the help."""
        return [entry.name for entries in GROUPS.values() for entry in entries]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command of that name; None if there is none."""
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
        """Return the command that *args* name; raise `BadInput` with the closest match for an unknown name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close_names = get_close_matches(args[0], self.list_commands(ctx), n=1)
            raise BadInput(
                error.format_message(),
                Message("Did you mean: onward {command}", command=close_names[0]) if close_names else "See: onward --help",
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the titles of `GROUPS`."""
        for title, entries in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(entry.name, entry.summary) for entry in entries], col_max=12)


def _to_click_command(command: fast_commands.QuickCommand) -> click.Command:
    """Return a click command for a fast command, which provides its help and errors."""

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
    epilog="`onward COMMAND --help` shows details and examples.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="onward %(version)s")
@click.option(
    "--server",
    metavar="URL",
    help='Use the store of the Onward server at URL; "" for the local store if ONWARD_SERVER is set.',
)
def onward(server: str | None) -> None:
    """Remember the server for the subcommand. The help text is `DESCRIPTION`."""
    click.get_current_context().meta[SERVER_KEY] = server


def run(arguments: list[str]) -> int:
    """Run the command that *arguments* name and return its exit code."""
    try:
        code = onward.main(args=arguments, prog_name="onward", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        return 0
    except click.UsageError as error:
        raise BadInput(
            error.format_message(), Message("See: {command} --help", command=error.ctx.command_path if error.ctx else "onward")
        ) from error
    except click.ClickException as error:
        raise BadInput(error.format_message()) from error
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return code if isinstance(code, int) else 0

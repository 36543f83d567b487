"""Entry point: sets up the streams, runs the command and turns its result into an exit code.

Exit codes: 0 success, 1 failure, 2 wrong usage or bad input, 130 interrupted by Ctrl-C, 141 closed pipe.
"""

from __future__ import annotations

import errno
import gc
import os
import sys

from onward import __version__
from onward.errors import BadInput, OnwardError

# Importing `typing` takes too long for commands that must start fast.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from onward.pattern_cache import PatternCache

INTERRUPTED, PIPE_CLOSED = 130, 141

QUICK_COMMANDS = (["hook"], ["statusline"], ["distill"], ["read"], ["mcp"], ["--version"])
"""Commands that must start fast. Each imports no more than it needs."""

PATTERN_FREE_COMMANDS = (["hook"], ["statusline"], ["mcp"], ["--version"])
"""Commands that compile so few regular expressions that reading stored ones would take longer."""

STORE_COMMANDS = ("project", "session", "handoff", "search", "source", "fact", "files", "knowledge", "template", "account")
"""Commands whose work is stored when they return, without threads that must end: the process ends without freeing every object."""

GC_THRESHOLD = 100_000
"""New objects after which Python runs the cycle collector. Its default is 700."""


def main(arguments: list[str] | None = None) -> int:
    """Run `onward` with *arguments* and return its exit code.

    Without arguments, those of the process are used, and the process may exit here.
    """
    owns_process = arguments is None
    arguments = sys.argv[1:] if arguments is None else arguments
    is_quick = arguments[:1] in QUICK_COMMANDS
    patterns = _install_pattern_cache() if owns_process and arguments[:1] not in PATTERN_FREE_COMMANDS else None
    _use_utf8()
    if owns_process and is_quick:
        # Short-lived and without cycles: the collector would take a tenth of the run time, and freeing every object at exit another.
        gc.disable()
    elif owns_process:
        # Imported modules stay in memory: collecting cycles among them takes a tenth of the time of a short command.
        gc.set_threshold(GC_THRESHOLD)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except OnwardError as error:
        code = _report_refusal(error, as_json="--json" in arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\nonward: interrupted. Completed steps are stored; run the same command again to continue.\n")
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe (`| head`). Python flushes again at exit and would fail, so the output goes to /dev/null.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - last resort: print a sentence, not a traceback
        if isinstance(error, FileNotFoundError) and not _has_folder():
            gone = BadInput("The current folder does not exist any more.", "Change to another one: cd ~")
            code = _report_refusal(gone, as_json="--json" in arguments)
        elif isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES) and error.filename:
            code = _report_refusal(_no_access(error), as_json="--json" in arguments)
        else:
            code = _report_defect(error)
    if patterns:
        patterns.save()
    if owns_process and (is_quick or (arguments and arguments[0] in STORE_COMMANDS)):
        sys.stderr.flush()
        os._exit(code)
    return code


def _install_pattern_cache() -> PatternCache | None:
    from onward.pattern_cache import install

    return install()


def _no_access(error: OSError) -> BadInput:
    from onward.message import Message

    return BadInput(
        Message("Onward has no access to {path}: {problem}.", path=error.filename, problem=error.strerror),
        "Check the path and its permissions.",
    )


def _has_folder() -> bool:
    from pathlib import Path

    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _run(arguments: list[str]) -> int:
    code = _run_quick(arguments) if arguments[:1] in QUICK_COMMANDS else None
    if code is not None:
        return code
    # Importing click takes several times as long as starting Python: only commands that need it import it.
    from onward.cli.commands import run

    return run(arguments)


def _run_quick(arguments: list[str]) -> int | None:
    """Run a fast command and return its exit code; None if click must handle the call."""
    if arguments == ["--version"]:
        sys.stdout.write(f"onward {__version__}\n")
        return 0
    if arguments[0] == "hook":
        from onward.agents.hook import run as run_hook

        return run_hook(arguments[1:])
    if arguments[0] == "statusline":
        from onward.agents.status_line import run as run_status_line

        return run_status_line(arguments[1:])
    if arguments[0] == "mcp":
        from onward.cli.mcp_server import serve

        return serve({}) if len(arguments) == 1 else serve({"project": arguments[2]}) if arguments[1:-1] == ["--project"] else None
    from onward.cli.fast_commands import run

    return run(arguments)


def _report_refusal(error: OnwardError, *, as_json: bool) -> int:
    """Print an error. A secret in what it quotes is redacted."""
    from onward.redact import DISTILL_KEY, Redactor

    redact = Redactor(DISTILL_KEY).text
    if as_json:
        from onward.cli.presentation import as_json_text

        details = {"success": False, "error": {"code": error.code, "message": redact(str(error.message)), "hint": redact(str(error.hint))}}
        sys.stderr.write(as_json_text(details) + "\n")
    else:
        from onward.core.text.printable import printable

        sys.stderr.write(redact(printable(f"onward: {error.message}\n" + (f"  {error.hint}\n" if error.hint else ""))))
    return error.exit_code


def _report_defect(error: Exception) -> int:
    """Report a bug in Onward. `ONWARD_TRACEBACK=1` prints the traceback."""
    if os.environ.get("ONWARD_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    from onward.redact import DISTILL_KEY, Redactor

    sys.stderr.write(Redactor(DISTILL_KEY).text(f"onward: unexpected error: {type(error).__name__}: {error}\n"))
    sys.stderr.write(
        "  This is a bug in Onward. Run the command again with ONWARD_TRACEBACK=1 and report the traceback. Completed steps are stored.\n"
    )
    return 1


def _use_utf8() -> None:
    """Set standard output and standard error to UTF-8, whatever the locale: transcripts contain every script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")

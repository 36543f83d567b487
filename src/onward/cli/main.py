"""The way in: settles the streams, runs the command, and turns whatever happens into an exit code.

Exit codes: 0 done, 1 failed, 2 wrong use or bad input; 130 stopped by Ctrl-C and 141 by a reader that went away, as shells have it.
"""

from __future__ import annotations

import gc
import os
import sys

from onward import __version__
from onward.errors import OnwardError

INTERRUPTED, PIPE_CLOSED = 130, 141

QUICK_COMMANDS = (["hook"], ["distill"], ["read"], ["--version"])
"""What must start at once. Each imports no more than it needs."""

GC_THRESHOLD = 100_000
"""New objects after which Python looks for cycles among them; of itself it does after 700."""


def main(arguments: list[str] | None = None) -> int:
    """Run `onward` with *arguments* and return its exit code. Without any, they are the process's own, which may end here."""
    owns_process = arguments is None
    arguments = sys.argv[1:] if arguments is None else arguments
    is_quick = arguments[:1] in QUICK_COMMANDS
    _use_utf8()
    if owns_process and is_quick:
        # These live for a moment and make no cycles: looking for some is a tenth of their time, and freeing everything one by one at the end another.
        gc.disable()
    elif owns_process:
        # What the others import stays for good: to look through it again and again is a tenth of a short command.
        gc.set_threshold(GC_THRESHOLD)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except OnwardError as error:
        code = _report_refusal(error, as_json="--json" in arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\nonward: stopped. What was stored so far stays; run the same command again to go on.\n")
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted (`| head`). Python would flush again at exit and complain: let it flush into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last resort: a person gets a sentence, not a stack
        code = _report_defect(error)
    if owns_process and is_quick:
        sys.stderr.flush()
        os._exit(code)
    return code


def _run(arguments: list[str]) -> int:
    code = _run_quick(arguments) if arguments[:1] in QUICK_COMMANDS else None
    if code is not None:
        return code
    # The command-line framework costs several times the start of Python itself: only commands that need it pay.
    from onward.cli.commands import run

    return run(arguments)


def _run_quick(arguments: list[str]) -> int | None:
    """Run what must start at once and return its exit code; None where the framework must take over."""
    if arguments == ["--version"]:
        sys.stdout.write(f"onward {__version__}\n")
        return 0
    if arguments[0] == "hook":
        from onward.agents.hook import run as run_hook

        return run_hook(arguments[1:])
    from onward.cli.fast_commands import run

    return run(arguments)


def _report_refusal(error: OnwardError, *, as_json: bool) -> int:
    if as_json:
        from onward.cli.presentation import as_json_text

        details = {"success": False, "error": {"code": error.code, "message": error.message, "hint": error.hint}}
        sys.stderr.write(as_json_text(details) + "\n")
    else:
        sys.stderr.write(f"onward: {error.message}\n" + (f"  {error.hint}\n" if error.hint else ""))
    return error.exit_code


def _report_defect(error: Exception) -> int:
    """Say that Onward itself is wrong. `ONWARD_TRACEBACK=1` shows where."""
    if os.environ.get("ONWARD_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    sys.stderr.write(f"onward: this is a defect of Onward: {type(error).__name__}: {error}\n")
    sys.stderr.write("  Run it again with ONWARD_TRACEBACK=1 to see where, and report that; what was stored so far stays.\n")
    return 1


def _use_utf8() -> None:
    """Transcripts hold every script there is, so the streams speak UTF-8 whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")

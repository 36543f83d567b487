"""`onward` in processes of their own that do not import it anew: forks of one process that has imported everything.

`command("serve", "--port", "0")` is a command like `python -m onward serve --port 0`, for tests of what `onward` does. Such a process has
its own arguments, environment, folder and streams, and answers to signals. Tests of the start itself, of memory and of kills use
`python -m onward`: the id of a process here is that of a small program, which passes everything on to the fork.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

LAUNCHER = """
import json, os, signal, socket, sys
connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
connection.connect(sys.argv[1])
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda number, _frame: connection.send(bytes([number])))
request = json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(connection, [len(request).to_bytes(4, "big")], [0, 1, 2])
connection.sendall(request)
status = int(connection.recv(16) or b"-9")
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""
"""Passes its arguments, folder, environment and streams to the process that forks, then signals, and ends as the fork does."""

UNUSED = ("onward.__main__", "onward.agents.capture")
"""Modules that act when they are imported, or only in processes that tests do not start here."""


@cache
def _address() -> str:
    """Return the address of the process that forks, which ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="onward-forks-")
    path = Path(folder.name) / "socket"
    process = subprocess.Popen([sys.executable, "-P", __file__, str(path)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, "the process that forks has ended"
        assert time.monotonic() < end, "the process that forks does not listen"
        time.sleep(0.02)

    def close() -> None:
        assert process.stdin
        process.stdin.close()
        process.wait(30)
        folder.cleanup()

    atexit.register(close)
    return str(path)


def command(*arguments: str) -> list[str]:
    """Return the command that runs `onward` with *arguments*."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-m", "onward", *arguments]
    return [sys.executable, "-I", "-S", "-c", LAUNCHER, _address(), *arguments]


def _import_everything() -> None:
    import onward

    for module in pkgutil.walk_packages(onward.__path__, "onward."):
        if module.name not in UNUSED:
            # Some need what an extra installs.
            with suppress(ImportError):
                import_module(module.name)
    for name in ("uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto", "dbos"):
        with suppress(ImportError):
            import_module(name)


def _fork_for_each(path: str) -> None:
    """Listen at *path*, and fork for each that calls, until standard input is closed."""
    _import_everything()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(f"{path}.new")
        server.listen(64)
        Path(f"{path}.new").rename(path)
        while True:
            ready, _, _ = select.select([server.fileno(), 0], [], [])
            if 0 in ready:
                return
            connection, _ = server.accept()
            if not os.fork():
                server.close()
                _attend(connection)
            connection.close()


def _attend(connection: socket.socket) -> None:
    """Fork for the request of *connection*, pass signals on, answer with the exit status, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += connection.recv(1 << 20)
    arguments, folder, environment = json.loads(request)
    process = os.fork()
    if not process:
        connection.close()
        _become(arguments, folder, environment, streams)
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(process)
    while True:
        ready, _, _ = select.select([connection.fileno(), ended], [], [])
        if ended in ready:
            break
        # Without a signal, the launcher has been killed.
        numbers = connection.recv(16) or bytes([signal.SIGKILL])
        for number in numbers:
            os.kill(process, number)
        if numbers == bytes([signal.SIGKILL]):
            break
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with suppress(OSError):
        connection.sendall(str(status).encode())
    os._exit(0)


def _become(arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> None:
    """Run `onward` as a process with these arguments would."""
    from onward.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115 - open until the process ends
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = [str(Path(main.__file__).parents[1] / "__main__.py"), *arguments]
    code = 1
    try:
        code = main.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    finally:
        for output in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                output.flush()
        os._exit(code)


if __name__ == "__main__":
    _fork_for_each(sys.argv[1])

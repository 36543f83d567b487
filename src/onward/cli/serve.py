"""`onward serve`: the dashboard and the HTTP API."""

from __future__ import annotations

import gc
import socket
import sys
from dataclasses import replace

import click

from onward.adapters import open_store
from onward.app.admin import access, local_token
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import note, say_json
from onward.errors import BadInput, BadSetting
from onward.message import Message
from onward.settings import Settings

GRACE_SECONDS = 10


@click.command()
@click.option("--host", metavar="HOST", help="Address to listen at.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), metavar="PORT", help="Port to listen at; 0 selects a free one.  [default: 3000]")
@click.option("--no-token", is_flag=True, help="Require no token on this machine: each of its users has full access.")
@json_option
def serve(host: str | None, port: int | None, no_token: bool, as_json: bool) -> None:
    """Run the dashboard and the HTTP API until Ctrl-C.

    The API reference is at /docs. The server listens on loopback by default, and prints a link that signs your browser in. Your commands
    and hooks find the token of that link in the file local.token of the data folder, which only you can read. With another --host, other
    machines can reach it: their requests need an access token (onward access new).

    With --no-token, callers on this machine need no token: every user and program on it can then read, change and delete
    everything, and import files that you can read.

    \b
    Examples:
      onward serve
      onward serve --port 8080
      onward serve --host 0.0.0.0
    """
    settings = local_settings(host=host, port=port)
    if no_token and settings.is_exposed:
        raise BadInput("--no-token is for a server on loopback.", "Leave it out, or listen at 127.0.0.1.")
    if not no_token:
        settings = replace(settings, local_token=local_token.require(settings.home))
    with _open_listener(settings) as listener, open_store(settings) as store:
        if settings.is_exposed and not access.has_valid_token(store):
            raise BadSetting(
                Message("Other machines can reach Onward at {host}, but there is no access token yet.", host=settings.host),
                "Create one first: onward access new NAME. Or listen at 127.0.0.1, where your own token is enough.",
            )
        # Imported here: not needed if the port is in use.
        import uvicorn

        from onward.agents.sweep_schedule import start as start_sweeping
        from onward.api.logs import log_to_stderr
        from onward.server import build
        from onward.work import start as start_worker

        log_to_stderr()
        url = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{listener.getsockname()[1]}"
        if as_json:
            say_json({"url": url, "token": settings.local_token})
            # A program waits for the line, and nothing more may ever be written.
            sys.stdout.flush()
        _tell_address(settings, url, has_link=not as_json)
        application = build(store, settings)
        config = uvicorn.Config(
            application, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
        )
        server = uvicorn.Server(config)
        # Event streams poll this and close: otherwise they would stay open until the grace period ends.
        application.state.is_ending = lambda: server.should_exit
        # Objects created so far live as long as the server. Collecting cycles among them would pause all requests for 0.1 s.
        gc.freeze()
        with start_worker(settings), start_sweeping():
            server.run(sockets=[listener])


def _tell_address(settings: Settings, url: str, *, has_link: bool) -> None:
    """Print where the server is, and the link that signs its user in."""
    note(f"Onward is running at {url} (API reference: {url}/docs). Press Ctrl-C to stop.")
    if not settings.local_token:
        note("Every user and program of this machine may read, change and delete everything here (--no-token).")
    elif has_link:
        note(f"Sign in with this link, and keep it to yourself: {url}/login?token={settings.local_token}")


def _open_listener(settings: Settings) -> socket.socket:
    """Return a listening socket, so that connections made before the server is ready wait instead of being refused."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With IPPROTO_TCP, asyncio sets TCP_NODELAY: otherwise a response waits for an acknowledgement (40 ms).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise BadSetting(
            Message("Cannot listen at {host}:{port}: {problem}.", host=settings.host, port=settings.port, problem=error.strerror),
            "Choose another port with --port.",
        ) from error
    listener.listen(512)
    return listener

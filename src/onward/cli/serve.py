"""`onward serve`: the API on this machine, or for others too."""

from __future__ import annotations

import gc
import socket

import click

from onward.adapters import open_store
from onward.app.admin import access
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import note, say_json
from onward.errors import BadSetting
from onward.settings import Settings

GRACE_SECONDS = 10


@click.command()
@click.option("--host", metavar="HOST", help="Where to listen.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), metavar="PORT", help="At which port; 0 is any free one.  [default: 3000]")
@json_option
def serve(host: str | None, port: int | None, as_json: bool) -> None:
    """Serve the API to programs of this machine, until Ctrl-C.

    Every route is listed at /docs. It listens on loopback; with another --host other machines reach it, and nothing is answered without an access token (onward access new).

    \b
    Examples:
      onward serve
      onward serve --port 8080
      onward serve --host 0.0.0.0
    """
    settings = local_settings(host=host, port=port)
    with _open_listener(settings) as listener, open_store(settings) as store:
        if settings.is_exposed and not access.has_valid_token(store):
            raise BadSetting(
                f"At {settings.host} other machines reach Onward, and nobody has an access token yet.",
                "Give one out first: onward access new NAME. Or listen at 127.0.0.1, where programs of this machine need none.",
            )
        # Imported here: the port may be taken, and then nothing of this is needed.
        import uvicorn

        from onward.agents.sweeper import start as start_sweeping
        from onward.api.logs import log_to_stderr
        from onward.server import build
        from onward.work import start as start_worker

        log_to_stderr()
        url = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{listener.getsockname()[1]}"
        if as_json:
            say_json({"url": url})
        note(f"Onward listens at {url} (routes: {url}/docs). Ctrl-C ends it.")
        application = build(store, settings)
        config = uvicorn.Config(
            application, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
        )
        server = uvicorn.Server(config)
        # Streams ask, and end by themselves: nothing else would end them before the grace is over.
        application.state.is_ending = lambda: server.should_exit
        # What is there by now stays for good: to look through it for cycles would keep everybody waiting for a tenth of a second, now and again.
        gc.freeze()
        with start_worker(settings), start_sweeping():
            server.run(sockets=[listener])


def _open_listener(settings: Settings) -> socket.socket:
    """Return a socket that listens already: who knocks before the server is ready waits, and is not turned away."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named: only then are answers sent without waiting for the acknowledgement of what went before (40 ms).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise BadSetting(
            f"Nothing can listen at {settings.host}:{settings.port}: {error.strerror}.", "Name another port with --port."
        ) from error
    listener.listen(512)
    return listener

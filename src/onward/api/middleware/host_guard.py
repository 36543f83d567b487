"""Protection of a server on loopback against pages of other sites.

A page of any site can make a browser send requests to 127.0.0.1 (its `Origin` shows that), and any name can be pointed to 127.0.0.1 (`Host`
shows that). A server that is open to other machines may have any name: it answers nothing without an access token, which pages of other
sites do not have.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from onward.api.answers.envelope import error_response
from onward.api.middleware.request_log import request_id

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class HostGuard:
    """Refuses requests for another host name, or from another site's page. *trusted_hosts* are further names of this server (None: any
    name), *origins* further sites.
    """

    def __init__(self, app: ASGIApp, *, trusted_hosts: Collection[str] | None = (), origins: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = None if trusted_hosts is None else LOOPBACK_NAMES | {name.lower() for name in trusted_hosts}
        self._origins = {origin.lower().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it."""
        reason = self._refusal_reason(scope) if scope["type"] in ("http", "websocket") else ""
        if not reason:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await error_response(403, "not_allowed", reason, request_id())(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal_reason(self, scope: Scope) -> str:
        host = origin = ""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value.decode("latin-1").lower()
            elif name == b"origin":
                origin = value.decode("latin-1").lower()
        if self._hosts is not None and _host_name(host) not in self._hosts:
            return "This server does not have that name. Use 127.0.0.1 or localhost, or add the name to ONWARD_TRUSTED_HOSTS."
        if origin and origin.partition("://")[2] != host and origin not in self._origins:
            return "A page of another site sent this request. If the site is yours, add it to ONWARD_CORS_ORIGINS."
        return ""


def _host_name(host: str) -> str:
    """Return *host* without its port."""
    return host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]

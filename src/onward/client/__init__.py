"""A typed client of an Onward server, for programs. The command line uses it if `ONWARD_SERVER` names a server.

    from onward.client import Client

    with Client("http://127.0.0.1:3000") as onward:
        project = onward.projects.require("kopi-shop")
        start = onward.sessions.start(project, objectives=["Fix the checkout"])
        print(start.previous.markdown if start.previous else "the first session")

Calls return the values of `onward.core`, and raise the errors of `onward.errors` that the same call raises without a server. A request
that is lost on the way is sent again, and done once. `docs/howto/use-from-python.md` shows all of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from onward.client.accounts import RemoteAccounts
from onward.client.analytics import RemoteAnalytics
from onward.client.archives import RemoteArchives
from onward.client.facts import RemoteFacts
from onward.client.handoffs import RemoteHandoffs
from onward.client.history import RemoteHistory
from onward.client.imports import RemoteImports
from onward.client.jobs import RemoteJob, RemoteJobs
from onward.client.knowledge import RemoteKnowledge
from onward.client.llm import RemoteLlm
from onward.client.projects import RemoteProjects
from onward.client.sessions import RemoteSessions
from onward.client.templates import RemoteTemplates
from onward.client.transport import TIMEOUT_SECONDS, ServerConnection
from onward.locations import data_folder

__all__ = ["Client", "RemoteJob"]


class Client:
    """A client of one server, safe for use by several threads. Use it as a context manager, or `close` it.

    *url* is the server's address, *token* an access token. Without one, a server on this machine gets the token of this user, which lies in
    the data folder *home*. Each answer may take *timeout_seconds*.
    """

    def __init__(self, url: str, token: str = "", *, home: Path | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._server = server = ServerConnection(url, token, timeout_seconds, home=home or Path(data_folder(os.environ)))
        self.url = server.url
        self.projects = RemoteProjects(server)
        self.sessions = RemoteSessions(server)
        self.handoffs = RemoteHandoffs(server)
        self.templates = RemoteTemplates(server)
        self.analytics = RemoteAnalytics(server)
        self.facts = RemoteFacts(server)
        self.knowledge = RemoteKnowledge(server)
        self.history = RemoteHistory(server)
        self.archives = RemoteArchives(server)
        self.imports = RemoteImports(server)
        self.jobs = RemoteJobs(server)
        self.llm = RemoteLlm(server)
        self.accounts = RemoteAccounts(server)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

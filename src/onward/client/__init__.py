"""A typed client of an Onward server, for programs; the command line uses it where `ONWARD_SERVER` names one.

    from onward.client import Client

    with Client("http://127.0.0.1:3000") as onward:
        project = onward.projects.find("kopi-shop")
        begun = onward.sessions.start(project, objectives=["Fix the checkout"])
        print(begun.previous.markdown if begun.previous else "the first session")

What it answers are the values of `onward.core`; what it raises are the errors of `onward.errors`, those that the same call raises without a server between.
A request that the way loses is sent again, and done once. `docs/howto/use-from-python.md` shows all of it.
"""

from __future__ import annotations

from typing import Self

from onward.client.accounts import Accounts
from onward.client.analytics import Analytics
from onward.client.archives import Archives
from onward.client.facts import Facts
from onward.client.handoffs import Handoffs
from onward.client.imports import Imports
from onward.client.jobs import Job, Jobs
from onward.client.kept import Kept
from onward.client.knowledge import Knowledge
from onward.client.llm import Llm
from onward.client.projects import Projects
from onward.client.sessions import Sessions
from onward.client.templates import Templates
from onward.client.wire import TIMEOUT_SECONDS, Wire

__all__ = ["Client", "Job"]


class Client:
    """A connection to one server, which threads may share. Use as a context manager, or `close` it.

    *url* is the server's address, *token* an access token where it asks for one. An answer may take *timeout_seconds*.
    """

    def __init__(self, url: str, token: str = "", *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._wire = wire = Wire(url, token, timeout_seconds)
        self.url = wire.url
        self.projects = Projects(wire)
        self.sessions = Sessions(wire)
        self.handoffs = Handoffs(wire)
        self.templates = Templates(wire)
        self.analytics = Analytics(wire)
        self.facts = Facts(wire)
        self.knowledge = Knowledge(wire)
        self.kept = Kept(wire)
        self.archives = Archives(wire)
        self.imports = Imports(wire)
        self.jobs = Jobs(wire)
        self.llm = Llm(wire)
        self.accounts = Accounts(wire)

    def close(self) -> None:
        """Give the connections back."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

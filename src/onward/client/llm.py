"""The language model of a server: its key, which nobody is shown, and what asking it costs."""

from __future__ import annotations

from onward.client.decoder import read
from onward.client.resource import RemoteResource
from onward.core.llm_key import KeyStatus
from onward.core.project import Project
from onward.core.spend import SpendGrouping, Spending, SpendLine, SpendTotals


class RemoteLlm(RemoteResource):
    """The key that opens the model, and what was spent."""

    def key(self) -> KeyStatus:
        """Return how the key stands, as far as is known: nothing is asked."""
        return read(KeyStatus, self._server.get("/llm/key")["data"])

    def put_key(self, key: str) -> KeyStatus:
        """Keep a key, encrypted, in the place of the one before."""
        return read(KeyStatus, self._server.put("/llm/key", {"key": key})["data"])

    def test_key(self) -> KeyStatus:
        """Ask the model for one word, and return what that says of the key."""
        return read(KeyStatus, self._server.post("/llm/key/test")["data"])

    def remove_key(self) -> KeyStatus:
        """Remove the kept key. One that the server's environment holds stays."""
        return read(KeyStatus, self._server.delete("/llm/key")["data"])

    def spending(self, by: SpendGrouping = "project", *, project: Project | None = None, days: int | None = None) -> Spending:
        """Return what asking models cost: in all, and by job, project or model; in the last *days*, of which today (UTC) is one."""
        data = self._server.get("/llm/spend", by=by, project_id=project.id if project else None, days=days)["data"]
        limits = (data[f"{name}_limit"] for name in ("daily_usd", "daily_tokens", "job_usd", "job_tokens"))
        return Spending(read(SpendTotals, data["total"]), [read(SpendLine, line) for line in data["by"]], *limits)

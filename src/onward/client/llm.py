"""The language model of a server: its key, which is never shown, and what it costs."""

from __future__ import annotations

from onward.client.decoder import read
from onward.client.resource import RemoteResource
from onward.core.llm_key import KeyStatus
from onward.core.project import Project
from onward.core.spend import SpendGrouping, Spending, SpendLine, SpendTotals


class RemoteLlm(RemoteResource):
    """The model's key, and what was spent."""

    def key(self) -> KeyStatus:
        """Return the status of the key. No model is asked."""
        return read(KeyStatus, self._server.get("/llm/key")["data"])

    def put_key(self, key: str) -> KeyStatus:
        """Store a key, encrypted, in place of the one before."""
        return read(KeyStatus, self._server.put("/llm/key", {"key": key})["data"])

    def test_key(self) -> KeyStatus:
        """Ask the model for one word, and return what the answer says about the key."""
        return read(KeyStatus, self._server.post("/llm/key/test")["data"])

    def remove_key(self) -> KeyStatus:
        """Delete the stored key. A key in the server's environment stays."""
        return read(KeyStatus, self._server.delete("/llm/key")["data"])

    def spending(self, by: SpendGrouping = "project", *, project: Project | None = None, days: int | None = None) -> Spending:
        """Return what language models cost: in total, and by job, project or model; over the last *days*, today (UTC) included."""
        data = self._server.get("/llm/spend", by=by, project_id=project.id if project else None, days=days)["data"]
        limits = {name: data[f"{name}_limit"] for name in ("daily_usd", "daily_tokens", "job_usd", "job_tokens")}
        return Spending(read(SpendTotals, data["total"]), [read(SpendLine, line) for line in data["by"]], **limits)

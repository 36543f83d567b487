"""The language model of a server: its key, which nobody is shown, and what asking it costs."""

from __future__ import annotations

from onward.client.reading import read
from onward.client.rooms import Room
from onward.core.llm_key import KeyStanding
from onward.core.project import Project
from onward.core.spend import SpendBy, Spending, SpendLine, Spent


class Llm(Room):
    """The key that opens the model, and what was spent."""

    def key(self) -> KeyStanding:
        """Return how the key stands, as far as is known: nothing is asked."""
        return read(KeyStanding, self._wire.get("/llm/key")["data"])

    def put_key(self, key: str) -> KeyStanding:
        """Keep a key, encrypted, in the place of the one before."""
        return read(KeyStanding, self._wire.put("/llm/key", {"key": key})["data"])

    def test_key(self) -> KeyStanding:
        """Ask the model for one word, and return what that says of the key."""
        return read(KeyStanding, self._wire.post("/llm/key/test")["data"])

    def remove_key(self) -> KeyStanding:
        """Remove the kept key. One that the server's environment holds stays."""
        return read(KeyStanding, self._wire.delete("/llm/key")["data"])

    def spending(self, by: SpendBy = "project", *, project: Project | None = None, days: int | None = None) -> Spending:
        """Return what asking models cost: in all, and by job, project or model; in the last *days*, of which today (UTC) is one."""
        told = self._wire.get("/llm/spend", by=by, project_id=project.id if project else None, days=days)["data"]
        limits = (told[f"{name}_limit"] for name in ("daily_usd", "daily_tokens", "job_usd", "job_tokens"))
        return Spending(read(Spent, told["total"]), [read(SpendLine, one) for one in told["by"]], *limits)

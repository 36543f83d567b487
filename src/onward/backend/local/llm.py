"""The language model: its key, which is never shown, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.adapters import build_model_setup
from onward.app.models.gateway import ModelSetup
from onward.backend.local.resource import LocalResource, UseCases
from onward.core.llm_key import KeyStatus
from onward.core.project import Project
from onward.core.spend import SpendGrouping, Spending

if TYPE_CHECKING:
    from onward.app.models import gateway, keys
else:
    gateway = UseCases("onward.app.models.gateway")
    keys = UseCases("onward.app.models.keys")


class LocalLlm(LocalResource):
    """The language model: its key, which is never shown, and what it costs."""

    def key(self) -> KeyStatus:
        """Return the status of the key. No model is asked."""
        return keys.show(self._store, self._models())

    def put_key(self, key: str) -> KeyStatus:
        """Store a key, encrypted, in place of the one before."""
        return keys.save(self._store, self._models(), key)

    def test_key(self) -> KeyStatus:
        """Ask the model for one word, and return what the answer says about the key."""
        return keys.check(self._store, self._models())

    def remove_key(self) -> KeyStatus:
        """Delete the stored key."""
        return keys.delete(self._store, self._models())

    def spending(self, by: SpendGrouping = "project", *, project: Project | None = None, days: int | None = None) -> Spending:
        """Return what language models cost: in total, and by job, project or model."""
        limits = self._settings.llm
        total = gateway.total_spend(self._store, project=project, days=days)
        lines = gateway.list_spend(self._store, by, project=project, days=days)
        return Spending(
            total=total,
            lines=lines,
            daily_usd=limits.daily_usd,
            daily_tokens=limits.daily_tokens,
            job_usd=limits.job_usd,
            job_tokens=limits.job_tokens,
        )

    def _models(self) -> ModelSetup:
        return build_model_setup(self._settings)

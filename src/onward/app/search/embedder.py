"""Makes the vectors of turns for search by meaning, a portion at a time: in a worker while no job is due, or in a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from onward.app.search.semantic_search import EMBED_SECONDS, embedded_passages, pack_vector
from onward.core.spend import AttemptUsage
from onward.core.transcript.transcript import Usage
from onward.llm.embeddings import EmbeddingModel
from onward.store import Store, model_calls, turn_vectors, turns
from onward.store.model_calls import CallKey
from onward.store.turn_vectors import TurnVectors
from onward.tokens import count_tokens

PORTION_TURNS = 32
_BATCH_TEXTS = 64
STEP = "vectors"


class VectorCounts(NamedTuple):
    """How many turns got vectors, and how many still have none."""

    new: int
    missing: int


def make_all(store: Store, model: EmbeddingModel, daily_tokens: int, on_progress: Callable[[int, int], object]) -> VectorCounts:
    """Make all missing vectors, as far as today's tokens last. *on_progress* gets (turns done, total)."""
    with store.read() as connection:
        before, total = turn_vectors.count(connection, model.name)
    maker, new = Embedder(store, model, daily_tokens), 0
    while portion := maker.make_portion():
        new += portion
        on_progress(before + new, total)
    with store.read() as connection:
        after, total = turn_vectors.count(connection, model.name)
    return VectorCounts(new, total - after)


class Embedder:
    """Makes the vectors that are missing, those of the newest turns first. A model elsewhere is asked for at most `daily_tokens` a day
    (UTC); 0 means no limit.
    """

    def __init__(self, store: Store, model: EmbeddingModel, daily_tokens: int = 0) -> None:
        self._store = store
        self._model = model
        self._daily_tokens = daily_tokens
        self._complete_at = -1

    def make_portion(self) -> int:
        """Make the vectors of a few turns and return how many they are; 0 while none is missing or today's tokens are used up."""
        with self._store.read() as connection:
            turn_count = turns.count_turns(connection)
            if turn_count == self._complete_at or self._is_used_up():
                return 0
            ids = turn_vectors.list_missing(connection, self._model.name, PORTION_TURNS)
            stored = turns.find_by_ids(connection, ids)
        if not ids:
            # Nothing is missing until turns are added: looking again would read the whole table.
            self._complete_at = turn_count
            return 0
        texts_by_id = {key: embedded_passages(stored[key].turn) if key in stored else [] for key in ids}
        vectors = self._embed([text for texts in texts_by_id.values() for text in texts])
        new_rows: list[TurnVectors] = []
        for key, texts in texts_by_id.items():
            new_rows.append(TurnVectors(key, b"".join(vectors[: len(texts)])))
            del vectors[: len(texts)]
        with self._store.write() as connection:
            # A turn may have been deleted or changed meanwhile, such as by removing a secret: then it is not this text's vector.
            current = turns.find_by_ids(connection, ids)
            unchanged = [
                entry for entry in new_rows if entry.turn_id in current and current[entry.turn_id].turn == stored[entry.turn_id].turn
            ]
            turn_vectors.save(connection, self._model.name, unchanged)
        return len(ids)

    def _embed(self, texts: Sequence[str]) -> list[bytes]:
        packed: list[bytes] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = texts[start : start + _BATCH_TEXTS]
            packed += map(pack_vector, self._model.embed(batch, EMBED_SECONDS))
            self._record_spend(batch)
        return packed

    def _is_used_up(self) -> bool:
        endpoint = self._model.endpoint
        if endpoint is None or endpoint.is_local or not self._daily_tokens:
            return False
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._store.read() as connection:
            return model_calls.committed_spend(connection, since=today)[0] >= self._daily_tokens

    def _record_spend(self, texts: Sequence[str]) -> None:
        endpoint = self._model.endpoint
        if endpoint is None or endpoint.is_local:
            return
        tokens = sum(map(count_tokens, texts))
        usage = AttemptUsage(tokens, 0, endpoint.cost_usd(Usage(input_tokens=tokens)))
        key = CallKey(project_id=None, job_id=None, step=STEP, digest="", host=endpoint.host, model=endpoint.model)
        with self._store.write() as connection:
            model_calls.record_answer(connection, model_calls.start(connection, key, 0, 0.0), usage, None)

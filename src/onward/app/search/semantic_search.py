"""Search by meaning: passages whose vectors are closest to that of the query, fused with those found by words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from onward.app.search.passages import passages
from onward.core.search_result import DERIVED_KINDS, Excerpt
from onward.core.transcript.transcript import Turn
from onward.llm.embeddings import EmbeddingModel, Vector
from onward.redact import DISTILL_KEY, Redactor
from onward.store import turn_vectors
from onward.store.turn_vectors import TurnVectors

if TYPE_CHECKING:
    from sqlalchemy import Connection

EMBED_SECONDS, QUERY_SECONDS = 120.0, 5.0
"""How long a model may take for a portion of turns, and for a query, which a person waits for."""
MAX_PASSAGES = 32
"""Passages of a turn that have a vector: the first ones."""
_RANK_OFFSET, _MEANING_WEIGHT = 5, 0.5
"""A passage at rank r counts 1 / (offset + r), times the weight if meaning found it. A small local model ranks worse than words do."""
_LARGEST_NUMBER = 127
_BATCH_TURNS = 4000


class SemanticMatch(NamedTuple):
    """A passage that is close to the query: its turn, its place in the turn, and how close it is (-1 to 1)."""

    turn_id: int
    place: int
    likeness: float


def embedded_passages(turn: Turn) -> list[str]:
    """Return the passages of *turn* that have a vector."""
    return list(islice(passages(turn.text), MAX_PASSAGES))


def pack_vector(vector: Vector) -> bytes:
    """Return *vector* with length 1, as whole numbers from -127 to 127, a byte each."""
    length = sum(number * number for number in vector) ** 0.5 or 1.0
    return bytes(round(_LARGEST_NUMBER * number / length) & 0xFF for number in vector)


def embed_query(model: EmbeddingModel, query: str) -> Vector:
    """Return the vector of *query*, without its secrets if it leaves the machine. Raises `ProviderFailed`."""
    leaves = model.endpoint is not None and not model.endpoint.is_local
    [vector] = model.embed([Redactor(DISTILL_KEY).text(query) if leaves else query], QUERY_SECONDS)
    return vector


def find_near(
    connection: Connection, model: EmbeddingModel, vector: Vector, *, project_id: int | None, agent: str, most: int
) -> list[SemanticMatch]:
    """Return the closest passage of each of the *most* closest turns, the closest first."""
    rows = turn_vectors.stream(connection, model.name, project_id=project_id, agent=agent)
    near: list[SemanticMatch] = []
    while batch := list(islice(rows, _BATCH_TURNS)):
        near = nlargest(most, (*near, *_closest_of_each(batch, vector)), key=lambda passage: passage.likeness)
    return near


def _closest_of_each(batch: Sequence[TurnVectors], vector: Vector) -> Iterator[SemanticMatch]:
    # Imported here: it is part of the extra `semantic`.
    import numpy as np

    size = len(vector)
    whole = [entry for entry in batch if len(entry.body) % size == 0]
    if not whole:
        return
    query = np.asarray(vector, dtype=np.float32)
    query /= max(float(np.linalg.norm(query)), 1e-9) * _LARGEST_NUMBER
    stored = np.frombuffer(b"".join(entry.body for entry in whole), dtype=np.int8).reshape(-1, size)
    likenesses = (stored.astype(np.float32) @ query).tolist()
    start = 0
    for entry in whole:
        end = start + len(entry.body) // size
        likeness, place = max((likeness, start - at) for at, likeness in enumerate(likenesses[start:end], start))
        yield SemanticMatch(entry.turn_id, -place, likeness)
        start = end


def fuse(by_words: Iterable[Excerpt], by_meaning: Sequence[Excerpt]) -> list[Excerpt]:
    """Return the passages of both lists, each scored by its ranks in them. The best passage of a turn that both found counts twice."""
    ranked = sorted(by_words, key=lambda excerpt: (excerpt.score, excerpt.handle), reverse=True)
    bonus = {_place(excerpt): _MEANING_WEIGHT / (_RANK_OFFSET + rank) for rank, excerpt in enumerate(by_meaning, 1)}
    left = dict(bonus)
    fused = [
        replace(
            excerpt,
            score=1 / (_RANK_OFFSET + rank) + (left.pop(_place(excerpt), 0.0) if excerpt.kind not in DERIVED_KINDS else 0.0),
        )
        for rank, excerpt in enumerate(ranked, 1)
    ]
    fused += (replace(excerpt, score=left[_place(excerpt)]) for excerpt in by_meaning if _place(excerpt) in left)
    return fused


def _place(excerpt: Excerpt) -> tuple[str, object]:
    return excerpt.project, excerpt.handle

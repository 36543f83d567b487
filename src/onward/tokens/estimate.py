"""An estimate of cl100k tokens that is cheap enough for every candidate line.

An exact tokenizer takes 150 ms and 40 MB to load. This one knows the vocabulary but not the order in which its pieces merge: 256 kB of
bits, read on first use, answer "is this one token?" (a Bloom filter; wrong for one in a thousand of the strings that are none).

The rule: cut the text as cl100k cuts it, at spaces first. A piece in the vocabulary is one token, as most are. Any other piece is cut
greedily into the longest strings of the vocabulary and counts those and 0.3 more, because a greedy cut is sometimes one short.

Measured on 3,454 windows of real transcripts (prose, Markdown, code, JSON, logs, base64; mostly English and French; 200 to 6,000 tokens
each): 3.7 % over on average, 13 % over at the 99th percentile, short on 5 windows in 3,454, all of them base64 or escaped code, by 3.5 %
at most. Markdown documents are 2 to 6 % over. `bench/fit_tokens.py` writes the vocabulary and measures this again.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from zlib import crc32

VOCABULARY = Path(__file__).with_name("vocabulary.bloom")
BLOOM_BITS = 1 << 21
_BLOOM_MASK = BLOOM_BITS - 1

_TENTHS = 10
_UNKNOWN_TENTHS = 3
_LONGEST_TOKEN_BYTES = 12
_CACHE_ENTRIES = 50_000

# cl100k's own cut: a word with the one character before it, three digits, marks with the line ends behind them, line ends, spaces.
_PIECE = re.compile(r"(?:_|[^\w\r\n])?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s")
_GAP = re.compile(" {2,}")


@lru_cache(maxsize=4096)
def count_tokens(text: str) -> int:
    """Return the estimated number of cl100k tokens of *text*: rather too many than too few.

    A few single words may come out short; a text of 200 tokens or more does not. Costs of lines add up: two lines in one text cost at most
    one more than the two alone. Cached, because choosing lines asks for each of them again and again.
    """
    first, *rest = text.split(" ")
    tenths = _FIRST_COSTS[first] + sum(map(_SPACED_COSTS.__getitem__, rest))
    if "  " in text:
        tenths += _TENTHS * len(_GAP.findall(text))
    elif text.endswith(" "):
        tenths += _TENTHS
    return -(-tenths // _TENTHS)


class _ChunkCosts(dict[str, int]):
    """Tenths of tokens of a chunk between two spaces, each computed once."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, chunk: str) -> int:
        if len(self) >= _CACHE_ENTRIES:
            self.clear()
        tenths = self[chunk] = sum(map(_PIECE_COSTS.__getitem__, _PIECE.findall(self._prefix + chunk))) if chunk else 0
        return tenths


class _PieceCosts(dict[str, int]):
    """Tenths of tokens of a piece, each computed once."""

    def __missing__(self, piece: str) -> int:
        if len(self) >= _CACHE_ENTRIES:
            self.clear()
        tenths = self[piece] = self._cost(piece)
        return tenths

    def _cost(self, piece: str) -> int:
        tokens = _count_greedily(piece.encode("utf-8", "surrogatepass"))
        if tokens == 1 or piece.isspace():
            return tokens * _TENTHS
        line_ends = len(piece) - len(piece.rstrip("\r\n"))
        if line_ends:
            # At most the cost of its marks plus a line end, so that the costs of lines add up.
            return self[piece[:-line_ends]] + _TENTHS
        return tokens * _TENTHS + _UNKNOWN_TENTHS


_FIRST_COSTS = _ChunkCosts("")
_SPACED_COSTS = _ChunkCosts(" ")
_PIECE_COSTS = _PieceCosts()


def _count_greedily(piece: bytes) -> int:
    """Return the number of strings of the vocabulary that *piece* is cut into when the longest is taken each time."""
    bits = _vocabulary()
    if (len(piece) <= 3 and piece.isdigit()) or _is_token(crc32(piece), bits):
        return 1
    tokens, start, length = 0, 0, len(piece)
    while start < length:
        for end in range(min(length, start + _LONGEST_TOKEN_BYTES), start + 1, -1):
            if _is_token(crc32(piece[start:end]), bits):
                start = end
                break
        else:
            start += 1
        tokens += 1
    return tokens


@cache
def _vocabulary() -> bytes:
    return VOCABULARY.read_bytes()


def _is_token(digest: int, bits: bytes) -> bool:
    """Return whether the string with this CRC-32 is one token."""
    # The first bit alone rejects five in six strings, before the others are computed.
    if not bits[(digest & _BLOOM_MASK) >> 3] >> (digest & 7) & 1:
        return False
    _, second, third, fourth = bloom_bits(digest)
    return bool(bits[second >> 3] >> (second & 7) & bits[third >> 3] >> (third & 7) & bits[fourth >> 3] >> (fourth & 7) & 1)


def bloom_bits(digest: int) -> tuple[int, int, int, int]:
    """Return the bits that are set in the filter if the string with this CRC-32 is in the vocabulary."""
    step = digest >> 11 | 1
    return digest & _BLOOM_MASK, digest + step & _BLOOM_MASK, digest + 2 * step & _BLOOM_MASK, digest + 3 * step & _BLOOM_MASK

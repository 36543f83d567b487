"""Write the vocabulary that `onward.tokens` ships, and measure its estimate against the exact count.

python -m bench.fit_tokens            measure on ../shared/data
python -m bench.fit_tokens --write    write src/onward/tokens/vocabulary.bloom first
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from zlib import crc32

import quicktok

from onward.tokens import count_tokens, estimate

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
VOCABULARY_SIZE = 100_256
WINDOW_CHARACTERS = (900, 1_500, 3_000, 8_000, 16_000)
SMALLEST_WINDOW_TOKENS = 200


def write_vocabulary(path: Path) -> None:
    """Write every cl100k token into the Bloom filter that the estimate reads."""
    encoding = quicktok.get_encoding("cl100k_base")
    bits = bytearray(estimate.BLOOM_BITS // 8)
    for token in range(VOCABULARY_SIZE):
        for bit in estimate.bloom_bits(crc32(encoding.decode_bytes([token]))):
            bits[bit >> 3] |= 1 << (bit & 7)
    path.write_bytes(bits)


def texts(data: Path) -> Iterator[tuple[str, str]]:
    """Yield (source, text) of every file under *data*: Markdown as it is, the strings of JSON one after another."""
    for path in sorted(data.rglob("*")):
        if not path.is_file():
            continue
        source, content = path.relative_to(data).parts[0], path.read_bytes().decode("utf-8", "replace")
        if path.suffix in {".md", ".txt"}:
            yield source, content
        else:
            strings = [string for value in _values(content) for string in _strings(value) if len(string) >= 40]
            yield source, "\n\n".join(strings)


def _values(content: str) -> Iterator[object]:
    for document in ([content], content.splitlines()):
        values = []
        for line in document:
            try:
                values.append(json.loads(line))
            except ValueError:
                continue
        if values:
            yield from values
            return


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def windows(data: Path, per_file: int, seed: int = 7) -> Iterator[tuple[str, str]]:
    """Yield up to *per_file* windows of each text under *data*, in typical handoff sizes."""
    chance = random.Random(seed)
    for source, text in texts(data):
        for _ in range(min(per_file, 1 + len(text) // 4_000)):
            size = chance.choice(WINDOW_CHARACTERS)
            start = chance.randrange(max(1, len(text) - size))
            yield source, text[start : start + size]


def errors(data: Path, per_file: int) -> dict[str, list[float]]:
    """Return the error of the estimate by source, as a ratio of the exact count; negative where the estimate is too low."""
    encoding = quicktok.get_encoding("cl100k_base")
    off: dict[str, list[float]] = {}
    for source, window in windows(data, per_file):
        exact = len(encoding.encode(window, disallowed_special=()))
        if exact >= SMALLEST_WINDOW_TOKENS:
            off.setdefault(source, []).append((count_tokens(window) - exact) / exact)
    return off


def main() -> None:
    """Print the error of the estimate for every source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the vocabulary first")
    parser.add_argument("--windows", type=int, default=40, help="maximum number of windows per file (40)")
    arguments = parser.parse_args()
    if arguments.write:
        write_vocabulary(estimate.VOCABULARY)
    off = errors(DATA, arguments.windows)
    print(f"{'source':<24}{'windows':>8}{'mean':>9}{'lowest':>9}{'p99':>9}{'short':>8}")
    everything = [error for each in off.values() for error in each]
    for source, each in [*off.items(), ("all", everything)]:
        short = sum(error < 0 for error in each) / len(each)
        high = sorted(each)[len(each) * 99 // 100]
        print(f"{source:<24}{len(each):>8}{mean(each):>9.2%}{min(each):>9.2%}{high:>9.2%}{short:>8.2%}")


if __name__ == "__main__":
    main()

"""Read speed of each format compared with `orjson.loads` of the same bytes in the same run, and the share of records accounted for.

    python -m bench.formats [--formats claude-code,cline] [--data FOLDER] [--slowest 5]

Reads the real files beside the repository and Onward's fixtures. A file smaller than 1 MB is repeated under fresh ids within one
document, since opening a file and detecting its format has a fixed cost; that cost is reported separately (`us per file`). In the row of
a format each file is weighted by its size. Times are user CPU time of this process, the best of five. Markdown, text and databases have
no such ceiling: their rows show only MB per second.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.report import ROOT, save, table
from bench.transcripts import MEGABYTE
from onward.core.transcript.transcript import ImportReport
from onward.errors import OnwardError
from onward.formats import detect, open_source, read

DATA = ROOT.parent / "shared" / "data"
FIXTURES = ROOT / "tests" / "formats" / "fixtures"
READ_TO_LOADS_RATIO = 0.4
ACCOUNTED_RATIO = 0.99
MIN_MS = 20.0
"""Minimum duration of one measurement; short reads are repeated to reach it."""
TIMES = 5
_BROKEN = ("truncated", "schema_drift", "malformed", "edge_cases")
"""Words in the names of files that were damaged on purpose."""
_NO_TRANSCRIPTS = {"gold", "SOURCE.txt", "LICENSE", "taskHistory.json", "settings.json"}
_JSON = {".json", ".jsonl", ".traj"}


@dataclass(slots=True)
class FileMeasurement:
    """One file: its read times and record counts. `loads_ms` is None without a JSON ceiling; `open_us` is the time until the format is
    known.
    """

    format: str
    name: str
    size_mb: float
    """Size of the file on disk; times are scaled to it when the content was repeated."""
    read_ms: float
    loads_ms: float | None
    open_us: float
    lines: int
    """Number of records by the structure of the file, if it has one per line; else 0."""
    records: int
    kept_records: int
    malformed: int
    skipped: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def share(self) -> float | None:
        """Read speed as a share of the ceiling."""
        return self.loads_ms / self.read_ms if self.loads_ms is not None else None

    @property
    def accounted_ratio(self) -> float:
        """Share of records that were kept or skipped for a named reason."""
        unnamed = sum(count for reason, count in self.skipped.items() if reason.startswith("unknown"))
        return (self.kept_records + sum(self.skipped.values()) - unnamed) / max(self.records, self.lines, 1)


def user_ms() -> float:
    """The user CPU time of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime * 1_000


def best_ms(once: Callable[[], object]) -> float:
    """Return the least user CPU time of one call of *once*, over `TIMES` measurements that each take `MIN_MS`."""
    started = user_ms()
    once()
    calls = max(1, round(MIN_MS / max(user_ms() - started, 0.02)))
    took: list[float] = []
    for _ in range(TIMES):
        started = user_ms()
        for _ in range(calls):
            once()
        took.append((user_ms() - started) / calls)
    return min(took)


def measure_file(path: Path, name: str, folder: Path) -> FileMeasurement | None:
    """Measure reading *path*, repeated in *folder* if it is small; None if it is no transcript."""
    report = ImportReport()
    try:
        _drain(path, report)
    except OnwardError:
        return None
    open_us = best_ms(lambda: detect(open_source(path))) * 1_000
    content, loads_ms, lines = path.read_bytes(), None, 0
    content_bytes = len(content)
    if path.suffix in _JSON:
        documents = _documents(content)
        lines = len(documents) if len(documents) > 1 else 0
        if len(content) < MEGABYTE:
            content = repeat_content(content)
            path = folder / f"repeated{path.suffix}"
            path.write_bytes(content)
            documents = _documents(content)
        loads_ms = best_ms(lambda: _load(documents)) * content_bytes / len(content)
    size_mb = content_bytes / MEGABYTE
    per_byte = content_bytes / len(content)
    read_ms = best_ms(lambda: _drain(path, ImportReport())) * per_byte
    return FileMeasurement(
        format=report.format,
        name=name,
        size_mb=size_mb,
        read_ms=read_ms,
        loads_ms=loads_ms,
        open_us=open_us,
        lines=lines,
        records=report.records,
        kept_records=report.imported_records,
        malformed=report.malformed_count,
        skipped=report.skipped,
    )


def _drain(path: Path, report: ImportReport) -> None:
    for _ in read(open_source(path), report):
        pass


def _documents(content: bytes) -> list[bytes]:
    """The document, or its lines if each is a document."""
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        return [line for line in content.splitlines() if line.strip()]
    return [content]


def _load(documents: list[bytes]) -> None:
    for document in documents:
        try:
            orjson.loads(document)
        except orjson.JSONDecodeError:
            continue


def data_files(data: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of *data* that may be transcripts, with their relative names."""
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data)
        if path.is_file() and not _NO_TRANSCRIPTS & {path.name, *name.parts} and path.suffix in {*_JSON, ".md", ".txt"}:
            yield path, str(name)


def fixture_files() -> Iterator[tuple[Path, str]]:
    """Yield Onward's JSON fixtures with their names."""
    for path in sorted(FIXTURES.rglob("*")):
        if path.suffix in _JSON and path.stat().st_size:
            yield path, f"fixture {path.relative_to(FIXTURES)}"


def repeat_content(content: bytes) -> bytes:
    """Return *content* repeated under fresh ids: its lines, its list, or its longest list."""
    times = range(MEGABYTE // len(content) + 1)
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        records = list(_objects(content))
        return b"".join(orjson.dumps(_rename_ids(record, number)) + b"\n" for number in times for record in records)
    if isinstance(document, list):
        return orjson.dumps([_rename_ids(item, number) for number in times for item in document])
    key = max((key for key, value in document.items() if isinstance(value, list)), key=lambda key: len(document[key]), default="")
    if key:
        document[key] = [_rename_ids(item, number) for number in times for item in document[key]]
    return orjson.dumps(document)


def _objects(content: bytes) -> Iterator[Any]:
    for line in content.splitlines():
        with suppress(orjson.JSONDecodeError):
            yield orjson.loads(line)


def _rename_ids(value: Any, number: int, key: str = "") -> Any:
    """Return *value* with fresh record ids; ids of the session stay."""
    if isinstance(value, dict):
        is_tree = key == "mapping"
        return {(f"{name}.{number}" if is_tree else name): _rename_ids(child, number, name) for name, child in value.items()}
    if isinstance(value, list):
        return [_rename_ids(child, number, key) for child in value]
    lowered = key.lower()
    is_id = lowered.endswith(("id", "uuid", "parent", "children", "current_node")) and "session" not in lowered
    return f"{value}.{number}" if is_id and isinstance(value, str) and value else value


def measure(data: Path, formats: set[str]) -> list[FileMeasurement]:
    """Measure every file and report progress."""
    measurements: list[FileMeasurement] = []
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as folder:
        for path, name in (*data_files(data), *fixture_files()):
            if formats and not _may_be(path, formats):
                continue
            print(f"… {name}"[:100].ljust(101), end="\r", file=sys.stderr, flush=True)
            measurement = measure_file(path, name, Path(folder))
            if measurement is not None and measurement.records:
                measurements.append(measurement)
    print(" " * 101, end="\r", file=sys.stderr, flush=True)
    return measurements


def _may_be(path: Path, formats: set[str]) -> bool:
    report = ImportReport()
    try:
        for _ in read(open_source(path), report):
            break
    except OnwardError:
        return False
    return report.format in formats


def speed_rows(measurements: list[FileMeasurement]) -> list[tuple[object, ...]]:
    """Return one row per format and origin: files, MB, MB/s, microseconds to open a file, share of the ceiling, and that of the slowest
    file.
    """
    groups: dict[tuple[str, str], list[FileMeasurement]] = defaultdict(list)
    for measurement in measurements:
        groups[measurement.format, "fixtures" if measurement.name.startswith("fixture ") else "data"].append(measurement)
    rows: list[tuple[object, ...]] = []
    for (name, origin), ones in sorted(groups.items()):
        size_mb, read_ms = sum(measurement.size_mb for measurement in ones), sum(measurement.read_ms for measurement in ones)
        shares = [measurement.share for measurement in ones if measurement.share is not None]
        loads_ms = sum(measurement.loads_ms or 0 for measurement in ones)
        row = (name, origin, len(ones), size_mb, size_mb / read_ms * 1_000, sum(measurement.open_us for measurement in ones) / len(ones))
        rows.append((*row, loads_ms / read_ms * 100 if shares else None, min(shares) * 100 if shares else None))
    return rows


def account_rows(measurements: list[FileMeasurement]) -> list[tuple[object, ...]]:
    """Return one row per format over the real files: records, kept, skipped, malformed, and the lowest accounted share of intact files."""
    groups: dict[str, list[FileMeasurement]] = defaultdict(list)
    for measurement in measurements:
        if not measurement.name.startswith("fixture "):
            groups[measurement.format].append(measurement)
    rows: list[tuple[object, ...]] = []
    for name, ones in sorted(groups.items()):
        skipped = sum(sum(measurement.skipped.values()) for measurement in ones)
        sound = [measurement.accounted_ratio * 100 for measurement in ones if not is_broken(measurement)]
        counts = (
            sum(measurement.records for measurement in ones),
            sum(measurement.kept_records for measurement in ones),
            skipped,
            sum(measurement.malformed for measurement in ones),
        )
        rows.append((name, len(ones), *counts, min(sound, default=None)))
    return rows


def reasons(measurements: list[FileMeasurement]) -> Iterator[str]:
    """Yield a line per format over the real files: reasons for skipped records, most frequent first."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for measurement in measurements:
        if not measurement.name.startswith("fixture "):
            groups[measurement.format].update(measurement.skipped)
    for name, counts in sorted(groups.items()):
        if counts:
            yield f"{name}: " + ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common(12))


def is_broken(measurement: FileMeasurement) -> bool:
    """Whether the file was damaged on purpose."""
    return any(word in measurement.name for word in _BROKEN)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the tables, and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--formats", default="", help="only these formats, by their names in the reports")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of real transcripts")
    parser.add_argument("--slowest", type=int, default=12, help="number of slowest files to list")
    options = parser.parse_args(arguments)
    measurements = measure(options.data, set(filter(None, options.formats.split(","))))
    print(table(("", "from", "files", "MB", "MB/s", "us per file", "% of loads", "slowest file"), speed_rows(measurements)))
    slow = sorted(
        (measurement for measurement in measurements if measurement.share is not None and measurement.share < READ_TO_LOADS_RATIO),
        key=lambda measurement: measurement.share or 0,
    )
    print(
        f"\nbelow {READ_TO_LOADS_RATIO:.0%} of the ceiling: {len(slow)} of "
        f"{sum(measurement.share is not None for measurement in measurements)} files\n"
    )
    if slow:
        rows = [
            (measurement.name[-90:], measurement.format, measurement.size_mb * 1_000, (measurement.share or 0) * 100)
            for measurement in slow[: options.slowest]
        ]
        print(table(("slowest", "format", "kB", "% of loads"), rows) + "\n")
    print(table(("", "files", "records", "kept", "skipped", "malformed", "% accounted, least"), account_rows(measurements)) + "\n")
    print("\n".join(reasons(measurements)))
    lost = [measurement for measurement in measurements if measurement.accounted_ratio < ACCOUNTED_RATIO]
    for measurement in lost:
        print(
            f"{'damaged on purpose' if is_broken(measurement) else 'NOT ACCOUNTED FOR'}: {measurement.name}: "
            f"{measurement.accounted_ratio:.1%}"
        )
    path = save(
        "formats",
        {
            "files": [
                {**asdict(measurement), "share": measurement.share, "accounted_ratio": measurement.accounted_ratio}
                for measurement in measurements
            ]
        },
    )
    print(f"\nwritten: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

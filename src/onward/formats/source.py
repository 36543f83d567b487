"""One input in any container: a file, a pipe, compressed (zstd, gzip, bzip2, xz), with a byte-order mark or in UTF-16.

Lines are streamed: memory does not grow with the file, and a huge line is cut to a stub that still parses.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO, Any

import orjson

from onward.core.transcript.transcript import ImportReport
from onward.errors import BadInput, UnreadableFile
from onward.message import Message

HEAD_BYTES = 64 * 1024
_SEARCHED_BYTES = 32 * 1024 * 1024
_MAX_HEAD_LINES = 100
"""How far the first records are looked for behind what cannot be read."""
LINE_BYTES = 8 * 1024 * 1024
"""Longer lines are cut: their long strings become stubs."""
_CHUNK_BYTES = 256 * 1024
_PIECE_BYTES = 256
_GZIP_WINDOW = 31
"""The size of the window with which zlib expects the header of gzip."""
_COMPRESSIONS = {b"\x28\xb5\x2f\xfd": "zstd", b"\x1f\x8b\x08": "gzip", b"BZh": "bz2", b"\xfd7zX": "lzma"}
"""How compressed data begins, and with which module it is read."""
_MAX_BYTES = 4 * 1024**3
"""The largest stream, and the largest content of a compressed file."""
_COMMENT = b"//"
_ZIP = b"PK\x03\x04"
_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class TranscriptSource:
    """One input. `path` is None for a stream. `cut_values` counts values cut to stubs; `damage` is the reason if the bytes ended too
    early. `session_id` is the only session to read, with its sub-agents, where a database has many; empty for all.
    """

    def __init__(self, origin: Path | IO[bytes], name: str = "", *, session_id: str = "") -> None:
        """*origin* is the path of a file, or a binary stream, which is copied to an unnamed temporary file; *name* is used in messages."""
        self.path = origin if isinstance(origin, Path) else None
        self.name = name or (str(origin) if isinstance(origin, Path) else "standard input")
        self.session_id = session_id
        self.cut_values = 0
        self.damage = ""
        self._origin = origin

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB as UTF-8: decompressed, without a byte-order mark and without comments before JSON."""
        with self.open_stream() as stream:
            return strip_comments(stream.read(HEAD_BYTES))

    @cached_property
    def record_head(self) -> bytes:
        """The first JSON objects that fill a line each, where most lines are such; otherwise empty. Damaged and long lines before them are
        passed over.
        """
        with self.open_stream() as stream:
            lines = [line for line in stream.read(_SEARCHED_BYTES).split(b"\n", _MAX_HEAD_LINES)[:_MAX_HEAD_LINES] if line.strip()]
        records = [line for line in lines if len(line) <= HEAD_BYTES and line.startswith(b"{") and _is_object(line)]
        return b"\n".join(records)[:HEAD_BYTES] if 2 * len(records) >= len(lines) else b""

    @property
    def has_record_lines(self) -> bool:
        """Whether each line is a record, by the lines that are not damaged."""
        return b"\n" in self.record_head

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield every non-blank line with its 1-based number; without NUL bytes and line end, and not much longer than 8 MiB."""
        for number, line in enumerate(self._raw_lines(), 1):
            stripped = line.replace(b"\0", b"").rstrip(b"\r\n")
            if stripped and not stripped.isspace():
                yield number, stripped

    def _raw_lines(self) -> Iterator[bytes]:
        """Yield every line with its end; overlong lines are cut."""
        with self.open_stream() as stream:
            # The stream finds line ends faster than Python code.
            for line in iter(partial(stream.readline, LINE_BYTES), b""):
                yield line if len(line) < LINE_BYTES or line.endswith(b"\n") else self._shorten_line(line, stream)

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Yield every line, including blank ones, as text without its end; bytes that are not UTF-8 become U+FFFD."""
        with self.open_stream() as stream:
            number = 0
            while line := stream.readline(LINE_BYTES):
                number += 1
                yield number, line.replace(b"\0", b"").rstrip(b"\r\n").decode("utf-8", "replace")

    def records(self, report: ImportReport, skip: Callable[[bytes], str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the JSON object of every line with its line number.

        Unreadable lines are reported. *skip* returns the reason why a line need not be parsed, or nothing; such lines are counted as
        skipped.
        """
        loads = orjson.loads
        for number, line in enumerate(self._raw_lines(), 1):
            if skip is not None and (reason := skip(line)):
                report.skip(reason)
                continue
            try:
                record = loads(line)
            except orjson.JSONDecodeError:
                if line.lstrip().startswith(_COMMENT):
                    report.skip("comment")
                    continue
                for rescued_record in _rescue_records(line, number, report):
                    yield number, rescued_record
                continue
            if type(record) is dict:
                yield number, record
            else:
                report.reject(number, "not a JSON object")

    def document(self, report: ImportReport) -> Any:
        """Return the input as one JSON value. A truncated one is closed after its last complete value, and reported. Raises `BadInput`
        otherwise.
        """
        from onward.formats.json_repair import close_document, loads

        with self.open_stream() as stream:
            data = strip_comments(stream.read().replace(b"\0", b"").strip())
        try:
            return loads(data)
        except ValueError as error:
            problem = str(error)
        repaired_value = close_document(data)
        if repaired_value is None:
            raise BadInput(Message("{name} is not complete JSON: {problem}.", name=self.name, problem=problem), "Export or copy it again.")
        report.reject(data.count(b"\n") + 1, "the document ends too early; what came before was read")
        return repaired_value

    def _shorten_line(self, start: bytes, stream: IO[bytes]) -> bytes:
        from onward.formats.json_repair import shorten_line

        line, cut_count = shorten_line(start, lambda: stream.readline(_CHUNK_BYTES), LINE_BYTES)
        self.cut_values += cut_count
        return line.replace(b"\0", b"").rstrip(b"\r\n")

    @contextmanager
    def open_stream(self) -> Iterator[IO[bytes]]:
        """Return the bytes of the input from their beginning: decompressed, without a byte-order mark; of an archive, the conversations in
        it.
        """
        with nullcontext(self._spool) if self._spool is not None else self._open_file() as stream:
            stream.seek(0)
            if stream.read(3) != codecs.BOM_UTF8:
                stream.seek(0)
            yield stream

    @cached_property
    def _spool(self) -> IO[bytes] | None:
        """Return an unnamed UTF-8 copy of a stream, compressed bytes, or UTF-16."""
        if isinstance(self._origin, Path):
            with self._open_file() as stream:
                return self._unpack(stream)
        copy = _temporary_file()
        self._copy(iter(partial(self._origin.read, _CHUNK_BYTES), b""), copy)
        copy.seek(0)
        return self._unpack(copy) or copy

    def _unpack(self, stream: IO[bytes]) -> IO[bytes] | None:
        first = stream.read(4)
        stream.seek(0)
        if method := next((method for magic, method in _COMPRESSIONS.items() if first.startswith(magic)), None):
            stream = self._decompress(stream, method)
            first = stream.read(4)
            stream.seek(0)
            return self._unpack(stream) or stream
        if first == _ZIP:
            from onward.formats.archive import extract_conversations

            return extract_conversations(stream, _temporary_file(), self.name)
        if first[:2] in _BOMS:
            return _to_utf8(stream, _BOMS[first[:2]])
        return None

    def _decompress(self, stream: IO[bytes], method: str) -> IO[bytes]:
        """Return what *stream* contains, up to the first damage."""
        import zlib
        from lzma import LZMAError

        import zstandard

        copy = _temporary_file()
        try:
            self._copy(_decompressed(stream, method), copy)
        except (zstandard.ZstdError, EOFError, zlib.error, LZMAError, OSError) as error:
            self.damage = f"the compressed data is damaged: {error}"
        copy.seek(0)
        return copy

    def _copy(self, chunks: Iterable[bytes], target: IO[bytes]) -> None:
        """Write *chunks* to *target*. Raises `UnreadableFile` when they do not end."""
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > _MAX_BYTES:
                raise UnreadableFile(
                    Message("{name} contains more than {limit} GiB.", name=self.name, limit=_MAX_BYTES // 1024**3),
                    "Split it, and import the parts.",
                )
            target.write(chunk)

    def _open_file(self) -> IO[bytes]:
        assert isinstance(self._origin, Path)
        try:
            if not S_ISREG(mode := self._origin.stat().st_mode) and not S_ISDIR(mode):
                raise UnreadableFile(
                    Message("{name} is a pipe or a device, not a file.", name=self.name),
                    "Save its content to a file, or send it to the standard input: onward import -",
                )
            return self._origin.open("rb", buffering=_CHUNK_BYTES)
        except FileNotFoundError:
            raise UnreadableFile(Message("{name} does not exist.", name=self.name), "Check the path.") from None
        except IsADirectoryError:
            raise UnreadableFile(Message("{name} is a folder.", name=self.name), "Name a file in it, or import the whole folder.") from None
        except OSError as error:
            raise UnreadableFile(
                Message("{path} cannot be read: {problem}.", path=self.name, problem=error.strerror),
                "Check that it is a file and that you may read it.",
            ) from None


def read_object_file(path: Path) -> dict[str, Any]:
    """Return the object in a small JSON file beside a transcript; empty if it is missing or damaged."""
    try:
        value = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_object(line: bytes) -> bool:
    try:
        return type(orjson.loads(line)) is dict
    except orjson.JSONDecodeError:
        return False


def strip_comments(data: bytes) -> bytes:
    """Return *data* without the `//` lines before its JSON; text that is not JSON is unchanged."""
    rest = data
    while rest.lstrip().startswith(_COMMENT):
        rest = rest.lstrip().partition(b"\n")[2]
    return rest if rest is not data and rest.lstrip()[:1] in (b"{", b"[") else data


def _to_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    stream.seek(2)
    copy = _temporary_file()
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while chunk := stream.read(_CHUNK_BYTES):
        copy.write(decoder.decode(chunk).encode("utf-8", "replace"))
    copy.seek(0)
    return copy


def _decompressed(stream: IO[bytes], method: str) -> Iterator[bytes]:
    """Yield the content of the compressed parts of *stream*. It is read in small pieces: damage costs no more than one."""
    new = _decompressor(method)
    decompressor, is_new = new(), True
    while piece := stream.read(_PIECE_BYTES):
        while piece:
            is_new = False
            yield decompressor.decompress(piece)
            piece = decompressor.unused_data.lstrip(b"\0")
            if decompressor.eof:
                decompressor, is_new = new(), True
    if not is_new:
        raise EOFError("it ends too early")


def _decompressor(method: str) -> Callable[[], Any]:
    if method == "gzip":
        import zlib

        return partial(zlib.decompressobj, _GZIP_WINDOW)
    if method == "zstd":
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj
    if method == "bz2":
        from bz2 import BZ2Decompressor

        return BZ2Decompressor
    from lzma import LZMADecompressor

    return LZMADecompressor


def _rescue_records(line: bytes, number: int, report: ImportReport) -> list[dict[str, Any]]:
    """Return the readable parts of a line that is not valid JSON; nothing for a blank line."""
    if line.isspace():
        return []
    from onward.formats.json_repair import rescue_records

    records, problem = rescue_records(line.replace(b"\0", b""))
    if problem:
        report.reject(number, problem)
    return records


def _temporary_file() -> IO[bytes]:
    import tempfile  # Imported here, since a plain file does not need it.

    # The file is deleted when it is closed, even by a crash.
    return tempfile.TemporaryFile()

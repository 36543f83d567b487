"""MCP over standard input and output for one agent of this machine, from its first call on."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from io import BufferedReader, BufferedWriter
from typing import IO, cast

import anyio
from mcp.server.stdio import stdio_server

from onward.mcp.server import McpServer


async def serve(
    server: McpServer, lines: Sequence[bytes], reader: BufferedReader, writer: BufferedWriter, skipped_answers: int = 0
) -> None:
    """Let *server* answer *lines* and then what *reader* receives. The first *skipped_answers* answers are not written."""
    stdin, stdout = cast("IO[str]", _Input(lines, reader)), cast("IO[str]", _Output(writer, skipped_answers))
    async with stdio_server(anyio.wrap_file(stdin), anyio.wrap_file(stdout)) as (messages, answers):
        await server.protocol.run(messages, answers, server.protocol.create_initialization_options())


class _Input:
    """Lines that were read before, then those of the wire."""

    def __init__(self, lines: Sequence[bytes], reader: BufferedReader) -> None:
        self._lines = deque(lines)
        self._reader = reader

    def readline(self) -> str:
        line = self._lines.popleft() if self._lines else self._reader.readline()
        return line.decode("utf-8", errors="replace")


class _Output:
    """The wire without the first answers."""

    def __init__(self, writer: BufferedWriter, skipped_answers: int) -> None:
        self._writer = writer
        self._left_to_skip = skipped_answers

    def write(self, text: str) -> int:
        if self._left_to_skip:
            self._left_to_skip -= 1
        else:
            self._writer.write(text.encode())
        return len(text)

    def flush(self) -> None:
        self._writer.flush()

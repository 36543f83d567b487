"""Compiled regular expressions, stored beside the bytecode.

Python stores the bytecode of modules, but compiles their regular expressions anew in every process: hundreds of them, a third of a short
command. What the compiler of the standard library made of a pattern is stored and handed to its engine again, which checks it. Patterns
that depend on the processed text are never stored: only literals, and those made while a module is imported
or by a pure function that has no arguments or remembers all its results.

This uses internals of CPython. Where they differ, or the file cannot be read or written, patterns are compiled as always.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import re
import sys

from onward import __version__

# Importing `typing` takes too long for code that must start at once.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    Key = tuple[str | bytes, int]
    Arguments = tuple[Any, ...]
    Version = tuple[str, int, str]

_PURE_PACKAGES = ("onward.core.", "onward.redact.")
"""Their functions have no input but their arguments."""
_VARIABLE_ARGUMENTS = 0x04 | 0x08
"""The flags of code that takes `*arguments` or `**keywords`."""
_SIZE_BYTES = 8
_CODE = 2
"""The position of a pattern's code among the arguments of the engine's `compile`. It is stored as 32-bit words."""


class PatternCache:
    """Takes the place of the standard library's compiler and of the engine that it calls, in this process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._compiler: Any = re._compiler  # type: ignore[attr-defined]  # noqa: SLF001 - see the module's docstring
        self._engine, self._compile = self._compiler._sre, self._compiler.compile  # noqa: SLF001
        self._version = (sys.version, self._engine.MAGIC, __version__)
        self._stored: StoredPatterns | None = None
        self._new: dict[Key, Arguments] = {}
        self._last: Arguments = ()

    def install(self) -> None:
        """Use the stored patterns from now on."""
        self._compiler._sre = _Engine(self._engine, self._record)  # noqa: SLF001
        self._compiler.compile = self._find_or_compile

    def save(self) -> None:
        """Store the patterns that were compiled since `install`, if Python may store bytecode."""
        if not self._new or sys.dont_write_bytecode:
            return
        patterns = {**(self._stored.read_all() if self._stored else {}), **self._new}
        part = f"{self._path}.{os.getpid()}"
        with contextlib.suppress(OSError):
            with open(part, "wb") as file:
                file.write(_to_bytes(self._version, patterns))
            os.replace(part, self._path)

    def _find_or_compile(self, pattern: Any, flags: int = 0) -> Any:
        if self._stored is None:
            self._stored = StoredPatterns(self._path, self._version)
        if arguments := self._stored.find((pattern, flags)):
            with contextlib.suppress(RuntimeError, TypeError, ValueError, OverflowError):
                # The engine refuses a code that is damaged.
                words = list(memoryview(arguments[_CODE]).cast("I"))
                return self._engine.compile(*arguments[:_CODE], words, *arguments[_CODE + 1 :])
        compiled = self._compile(pattern, flags)
        if isinstance(pattern, str | bytes) and _is_constant(pattern, sys._getframe(1)):  # noqa: SLF001
            *before, code, groups, names, numbers = self._last
            self._new[pattern, flags] = (*before, _pack(code), groups, dict(names), numbers)
        return compiled

    def _record(self, *arguments: Any) -> Any:
        self._last = arguments
        return self._engine.compile(*arguments)


class StoredPatterns:
    """The patterns in the file *path*; none if it is of another *version* or cannot be read. The code of a pattern is read when it is used:
    a process uses few of them.
    """

    def __init__(self, path: str, version: Version) -> None:
        self._places: dict[Key, Arguments] = {}
        self._data: Any = b""
        self._start = 0
        with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
            import mmap

            with open(path, "rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._start = _SIZE_BYTES + int.from_bytes(self._data[:_SIZE_BYTES], "little")
            # As trusted as the bytecode beside it.
            stored_version, places = marshal.loads(self._data[_SIZE_BYTES : self._start])  # noqa: S302
            self._places = places if stored_version == version else {}

    def find(self, key: Key) -> Arguments | None:
        """Return the arguments of the engine's `compile` for a pattern and its flags, or None."""
        arguments = self._places.get(key)
        if arguments is None:
            return None
        first, last = arguments[_CODE]
        code = self._data[self._start + first : self._start + last]
        return (*arguments[:_CODE], code, *arguments[_CODE + 1 :]) if len(code) == last - first else None

    def read_all(self) -> dict[Key, Arguments]:
        """Return the arguments of all patterns, and let go of the file."""
        patterns = {key: arguments for key in self._places if (arguments := self.find(key))}
        self._places, self._data = {}, b""
        return patterns


def _to_bytes(version: Version, patterns: dict[Key, Arguments]) -> bytes:
    codes: list[bytes] = []
    places: dict[Key, Arguments] = {}
    position = 0
    for key, arguments in patterns.items():
        code = arguments[_CODE]
        places[key] = (*arguments[:_CODE], (position, position + len(code)), *arguments[_CODE + 1 :])
        codes.append(code)
        position += len(code)
    head = marshal.dumps((version, places))
    return b"".join((len(head).to_bytes(_SIZE_BYTES, "little"), head, *codes))


class _Engine:
    """The engine of regular expressions, with another `compile`."""

    def __init__(self, engine: Any, compile: Any) -> None:
        self._engine, self.compile = engine, compile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def install() -> PatternCache | None:
    """Use stored patterns in this process; return the cache, or None if this Python has other internals."""
    cached = __spec__.cached if __spec__ else None
    if not cached or sys.implementation.name != "cpython":
        return None
    try:
        cache = PatternCache(cached.removesuffix(".pyc") + ".patterns")
    except AttributeError:
        return None
    cache.install()
    return cache


def _pack(code: list[int]) -> bytes:
    from array import array

    return array("I", code).tobytes()


def _is_constant(pattern: str | bytes, frame: FrameType | None) -> bool:
    """Return whether the pattern that is compiled in *frame* is the same in every process: nothing above it depends on an input."""
    while frame and frame.f_globals.get("__name__") == "re":
        frame = frame.f_back
    if frame and pattern in frame.f_code.co_consts:
        return True
    while frame and _is_pure(frame) and frame.f_code.co_name != "<module>":
        if _takes_nothing(frame) or _is_cached(frame):
            return True
        frame = frame.f_back
    while frame and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") != "__main__"


def _is_cached(frame: FrameType) -> bool:
    """Return whether the function has `functools.cache`: whatever depends on a text would fill the memory there."""
    parameters = getattr(frame.f_globals.get(frame.f_code.co_name), "cache_parameters", None)
    return parameters is not None and parameters()["maxsize"] is None


def _is_pure(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(_PURE_PACKAGES)


def _takes_nothing(frame: FrameType) -> bool:
    code = frame.f_code
    has_variable_arguments = code.co_flags & _VARIABLE_ARGUMENTS
    return not (code.co_argcount or code.co_kwonlyargcount or has_variable_arguments or code.co_freevars)

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

_PURE_PACKAGES = ("onward.core.", "onward.redact.")
"""Their functions have no input but their arguments."""
_VARIABLE_ARGUMENTS = 0x04 | 0x08
"""The flags of code that takes `*arguments` or `**keywords`."""
_CODE = 2
"""The position of a pattern's code among the arguments of the engine's `compile`. It is stored as 32-bit words."""


class PatternCache:
    """Takes the place of the standard library's compiler and of the engine that it calls, in this process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._compiler: Any = re._compiler  # type: ignore[attr-defined]  # noqa: SLF001 - see the module's docstring
        self._engine, self._compile = self._compiler._sre, self._compiler.compile  # noqa: SLF001
        self._version = (sys.version, self._engine.MAGIC, __version__)
        self._stored: dict[Key, Arguments] | None = None
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
        part = f"{self._path}.{os.getpid()}"
        with contextlib.suppress(OSError):
            with open(part, "wb") as file:
                marshal.dump((self._version, {**(self._stored or {}), **self._new}), file)
            os.replace(part, self._path)

    def _find_or_compile(self, pattern: Any, flags: int = 0) -> Any:
        if self._stored is None:
            self._stored = self._read()
        if arguments := self._stored.get((pattern, flags)):
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

    def _read(self) -> dict[Key, Arguments]:
        try:
            with open(self._path, "rb") as file:
                # Reading from the file would take eight times as long.
                version, patterns = marshal.loads(file.read())  # noqa: S302 - as trusted as the bytecode beside it
        except (OSError, EOFError, ValueError, TypeError):
            return {}
        return patterns if version == self._version else {}


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

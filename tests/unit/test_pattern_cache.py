"""Compiled patterns are stored once and used again, unless they depend on the processed text."""

from __future__ import annotations

import marshal
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from onward.pattern_cache import PatternCache

PROGRAM = """
import re, sys
sys.path.insert(0, {folder!r})
from onward.pattern_cache import PatternCache
cache = PatternCache({path!r})
cache.install()
import patterns
print(*patterns.find("Port 8443 of kopi_shop"), patterns.built("kopi").pattern, cache._new == {{}})
cache.save()
"""
MODULE = r"""
import re

PORT = re.compile(r"port (?P<number>\d+)", re.I)

def find(text):
    return PORT.search(text)["number"], names().findall(text)

def names():
    return re.compile(r"\b\w+_\w+\b")

def built(word):
    return re.compile(re.escape(word) + "_secret")
"""


def run(tmp_path: Path, **environment: str) -> str:
    (tmp_path / "patterns.py").write_text(MODULE)
    program = PROGRAM.format(folder=str(tmp_path), path=str(tmp_path / "stored"))
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=variables).stdout.strip()


def test_the_second_process_compiles_nothing_constant(tmp_path: Path) -> None:
    shown = "8443 ['kopi_shop'] kopi_secret"
    assert run(tmp_path) == f"{shown} False"
    assert run(tmp_path) == f"{shown} True"


def test_what_depends_on_the_text_is_not_stored(tmp_path: Path) -> None:
    run(tmp_path)
    _, stored = marshal.loads((tmp_path / "stored").read_bytes()[8:])
    assert r"\b\w+_\w+\b" in {pattern for pattern, _ in stored}
    assert "kopi_secret" not in {pattern for pattern, _ in stored}


def test_nothing_is_stored_where_bytecode_is_not(tmp_path: Path) -> None:
    run(tmp_path, PYTHONDONTWRITEBYTECODE="1")
    assert not (tmp_path / "stored").exists()


@pytest.mark.parametrize("content", [b"", b"no marshal", b"\4" + bytes(7) + b"text", bytes(8), b"\xff" * 40, marshal.dumps("text")])
def test_a_file_that_does_not_fit_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stored").write_bytes(content)
    assert run(tmp_path).endswith("False")
    assert run(tmp_path).endswith("True")


def test_a_damaged_code_is_compiled_again(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "stored"
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    content[start:] = b"\xff" * (len(content) - start)
    path.write_bytes(content)
    assert run(tmp_path).startswith("8443 ['kopi_shop'] kopi_secret")
    assert run(tmp_path).endswith("True")


def test_a_pattern_from_the_cache_matches_as_a_compiled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path)
    compiler = re._compiler  # type: ignore[attr-defined]
    monkeypatch.setattr(compiler, "_sre", compiler._sre)
    monkeypatch.setattr(compiler, "compile", compiler.compile)
    compiled = compiler.compile(r"port (?P<number>\d+)", re.I.value)
    PatternCache(str(tmp_path / "stored")).install()
    stored = compiler.compile(r"port (?P<number>\d+)", re.I.value)
    assert (stored, stored.groupindex, stored.search("PORT 1").span()) == (compiled, compiled.groupindex, (0, 6))

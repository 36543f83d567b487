"""Paths of any operating system, as text."""

from __future__ import annotations

import pytest

from onward.core.text import paths


@pytest.mark.parametrize(
    ("written", "plain", "name"),
    [
        (r"C:\Users\ayu\kopi", r"C:\Users\ayu\kopi", "kopi"),
        ("c:/Users/ayu/kopi/", r"C:\Users\ayu\kopi", "kopi"),
        (r"\\?\C:\Users\ayu\kopi", r"C:\Users\ayu\kopi", "kopi"),
        (r"\\server\share\kopi", r"\\server\share\kopi", "kopi"),
        ("C:\\", "C:", ""),
        ("/Users/ayu/kopi/", "/Users/ayu/kopi", "kopi"),
        ("/home/ayu/a\\b", "/home/ayu/a\\b", "a\\b"),
        ("/", "/", ""),
        ("", "", ""),
    ],
)
def test_one_way_to_write_a_path(written: str, plain: str, name: str) -> None:
    assert paths.normalise(written) == plain
    assert paths.normalise(plain) == plain
    if plain != "C:":
        assert paths.file_name(written) == name


@pytest.mark.parametrize(
    ("path", "folder", "is_within"),
    [
        (r"c:\users\AYU\kopi\src", r"C:\Users\ayu\kopi", True),
        ("C:/Users/ayu/kopi", r"C:\Users\ayu\kopi", True),
        (r"C:\Users\ayu\kopi-2", r"C:\Users\ayu\kopi", False),
        ("/home/ayu/kopi/src", "/home/ayu/kopi/", True),
        ("/home/ayu/Kopi", "/home/ayu/kopi", False),
        ("/home/ayu/kopi-2", "/home/ayu/kopi", False),
        ("/anything", "/", True),
        ("/anything", "", False),
    ],
)
def test_what_lies_within_a_folder(path: str, folder: str, is_within: bool) -> None:
    assert paths.is_within(path, folder) is is_within


@pytest.mark.parametrize(
    ("folder", "spellings"),
    [
        (r"C:\kopi", [r"C:\kopi", "C:/kopi", r"c:\kopi", "c:/kopi", "/c/kopi", "/cygdrive/c/kopi"]),
        (r"\\server\kopi", [r"\\server\kopi", "//server/kopi"]),
        ("/private/tmp/kopi", ["/private/tmp/kopi", "/tmp/kopi"]),
        ("/home/ayu/kopi", ["/home/ayu/kopi"]),
        ("", [""]),
    ],
)
def test_the_ways_to_write_a_folder(folder: str, spellings: list[str]) -> None:
    assert paths.spellings(folder) == spellings

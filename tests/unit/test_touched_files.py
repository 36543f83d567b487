"""The files that calls changed, with their line counts."""

from __future__ import annotations

import pytest

from onward.core.effort.steps import SessionSteps
from onward.core.effort.touched_files import TouchedFile, list_touched_files
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

CWD = "/home/me/shop"
PATCH = """*** Begin Patch
*** Update File: src/a.py
@@
-old
+new
+newer
*** Add File: src/b.py
+one
+two
*** Delete File: c.py
*** End Patch"""


def touched_after(
    *calls: tuple[str, dict[str, object] | str] | None, known_files: tuple[str, ...] = (), failed: bool = False
) -> list[TouchedFile]:
    steps = SessionSteps(CWD)
    for number, (name, arguments) in enumerate((call for call in calls if call), start=1):
        steps.add_turn(2 * number - 1, Turn("assistant", calls=(ToolCall(str(number), name, arguments),)))
        steps.add_turn(2 * number, Turn("tool", results=(ToolResult(str(number), "ok", is_error=failed),)))
    return list_touched_files(steps.steps, CWD, known_files)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (("Write", {"file_path": "/home/me/shop/a.py", "content": "one\ntwo\n"}), ("a.py", "created", 2, 0)),
        (("Edit", {"file_path": "a.py", "old_string": "a\nb\nc", "new_string": "a\nB\nB2\nc"}), ("a.py", "edited", 2, 1)),
        (
            (
                "MultiEdit",
                {"file_path": "a.py", "edits": [{"old_string": "a", "new_string": "b"}, {"old_string": "c", "new_string": "c\nd"}]},
            ),
            ("a.py", "edited", 2, 1),
        ),
        (("replace_in_file", {"path": "a.py", "diff": "<<<<<<< SEARCH\na\n=======\nb\nc\n>>>>>>> REPLACE\n"}), ("a.py", "edited", 2, 1)),
        (("str_replace_editor", {"command": "create", "path": "/home/me/shop/a.py", "file_text": "x\ny"}), ("a.py", "created", 2, 0)),
        (("Bash", {"command": "cat > a.py <<'EOF'\none\ntwo\nEOF"}), ("a.py", "created", 2, 0)),
        (("Bash", {"command": "git rm a.py"}), ("a.py", "deleted", None, None)),
    ],
)
def test_lines_are_counted_as_a_diff_would(call: tuple[str, dict[str, object]], expected: tuple[object, ...]) -> None:
    assert [file[:4] for file in touched_after(call)] == [expected]


@pytest.mark.parametrize("patch", [PATCH, {"input": PATCH}, {"command": ["apply_patch", PATCH]}])
def test_a_patch_lists_each_of_its_files(patch: dict[str, object] | str) -> None:
    assert [file[:4] for file in touched_after(("apply_patch", patch))] == [
        ("c.py", "deleted", 0, 0), ("src/a.py", "edited", 2, 1), ("src/b.py", "created", 2, 0),
    ]  # fmt: skip


def test_a_move_leaves_the_old_name_and_takes_the_new() -> None:
    assert [file[:2] for file in touched_after(("Bash", {"command": "cd src && git mv old.py new.py"}))] == [
        ("src/new.py", "renamed"),
        ("src/old.py", "deleted"),
    ]


@pytest.mark.parametrize(
    "command", ["rm -rf build", "rm *.pyc", "rm $FILE.py", "mv dir other/", "cat a.py > /dev/null", "echo 'rm a.py'", "git status"]
)
def test_unclear_file_names_are_ignored(command: str) -> None:
    assert touched_after(("Bash", {"command": command})) == []


def test_edits_add_up_and_writing_over_a_known_file_creates_nothing() -> None:
    write = ("Write", {"file_path": "a.py", "content": "one\n"})
    edit = ("Edit", {"file_path": "a.py", "old_string": "one", "new_string": "two"})
    assert touched_after(write, edit) == [
        TouchedFile(path="a.py", change="created", added_lines=2, removed_lines=1, times=2, first_turn=1, last_turn=3)
    ]
    assert touched_after(write, known_files=("a.py",))[0].change == "edited"
    assert touched_after(("Read", {"file_path": "a.py"}), write)[0].change == "edited"


def test_refused_edits_and_overlong_paths_are_ignored() -> None:
    assert touched_after(("Write", {"file_path": "a.py", "content": "x"}), failed=True) == []
    assert touched_after(("Write", {"file_path": "a" * 501, "content": "x"})) == []

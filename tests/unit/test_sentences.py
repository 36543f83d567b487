"""Code within prose is no sentence, however it is marked."""

from __future__ import annotations

import pytest

from onward.core.text.sentences import sentences

FENCED = """I add a section on limits.

README.md
```markdown
#### Always read this first
```

Done."""
EDIT = """I add a section on limits.

src/shop/limits.py
<source>python
<<<<<<< SEARCH
Never delete the cache.
=======
```
Always delete the cache.
>>>>>>> REPLACE
</source>

Done."""
CONFLICT = """I add a section on limits.

`Makefile`
<<<<<<< HEAD
Never delete the cache.
=======
Always delete the cache.
>>>>>>> main

Done."""


@pytest.mark.parametrize("text", [FENCED, EDIT, CONFLICT])
def test_code_and_the_name_of_its_file_are_left_out(text):
    assert [sentence.text for sentence in sentences(text)] == ["I add a section on limits.", "Done."]


def test_a_sentence_before_code_is_kept():
    assert [sentence.text for sentence in sentences("Run this in README.md\n```\nx\n```")] == ["Run this in README.md"]
    assert [sentence.text for sentence in sentences("添加分页\n```\nx\n```")] == ["添加分页"]


def test_a_mark_that_nothing_closes_hides_no_words():
    assert [sentence.text for sentence in sentences("Git wrote this mark:\n<<<<<<< HEAD\nNever leave it in a file.")] == [
        "Git wrote this mark: <<<<<<< HEAD Never leave it in a file."
    ]

"""Code within prose is no sentence, however it is marked."""

from __future__ import annotations

import pytest

from onward.core.extract.wording import clean
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


WHOLE_FILE = """I add a section on limits.

src/shop/limits.py
<source>
import os
Never delete the cache.
</source>

Done."""


@pytest.mark.parametrize("text", [FENCED, EDIT, CONFLICT, WHOLE_FILE])
def test_code_and_the_name_of_its_file_are_left_out(text):
    assert [sentence.text for sentence in sentences(text)] == ["I add a section on limits.", "Done."]


def test_a_sentence_before_code_is_kept():
    assert [sentence.text for sentence in sentences("Run this in README.md\n```\nx\n```")] == ["Run this in README.md"]
    assert [sentence.text for sentence in sentences("添加分页\n```\nx\n```")] == ["添加分页"]


def test_a_mark_that_nothing_closes_hides_no_words():
    assert [sentence.text for sentence in sentences("Git wrote this mark:\n<<<<<<< HEAD\nNever leave it in a file.")] == [
        "Git wrote this mark: <<<<<<< HEAD Never leave it in a file."
    ]


def test_a_block_of_code_within_a_block_stays_code():
    prompt = "Give the worker this prompt:\n```\n# Task\nWrite it:\n```python\nprint(1)\n```\nThen stop.\n```\nI wait for its report."
    assert [sentence.text for sentence in sentences(prompt)] == ["Give the worker this prompt:", "I wait for its report."]
    two = "First:\n```bash\nmake\n```\nThen this:\n```bash\nmake test\n```\nBoth pass."
    assert [sentence.text for sentence in sentences(two)] == ["First:", "Then this:", "Both pass."]


def test_a_tag_that_nothing_closes_or_in_a_fence_hides_no_words():
    assert [sentence.text for sentence in sentences("Wrap it in this tag:\n<pre>\nThen the lines stay.")][-1] == "Then the lines stay."
    fenced = "Like this:\n```html\n<pre>\n```\nThe page shows it.\n\nIt ends with `</pre>`."
    assert [sentence.text for sentence in sentences(fenced)] == ["Like this:", "The page shows it.", "It ends with `</pre>`."]


def test_a_fence_on_one_line_opens_nothing():
    assert [sentence.text for sentence in sentences("Run it:\n```make test```\nIt passes now.")] == ["Run it:", "It passes now."]


def test_the_head_of_a_table_is_no_line_and_two_cells_are_a_name_and_a_value():
    table = "| Flag | Now |\n|---|---|\n| `--zone` | local |\n| `-z` | |\n\n| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |"
    assert [sentence.text for sentence in sentences(table)] == ["`--zone`: local", "`-z`", "1 | 2 | 3"]


def test_a_sentence_is_not_cut_inside_a_code_span() -> None:
    item = "Убрано `as any`, тип задан через `unknown as Request & { user: ... }` в тесте"
    assert [sentence.text for sentence in sentences(f"- {item}\n- второе")] == [item, "второе"]


def test_a_text_is_not_cut_inside_a_code_span() -> None:
    text = clean("수정됨 " * 20 + "`catch (error: unknown) { throw error }`", 100)
    assert "`" not in text
    assert text.endswith(" …")


def test_a_line_right_above_a_list_leads_in_its_items():
    text = "**Lector de caja** (`caja.py`)\n- Pasa a `warn`\n- Omite la línea\n\nLos dos pasan.\n\n- Nada más"
    assert [(sentence.text, sentence.lead) for sentence in sentences(text)] == [
        ("Lector de caja (`caja.py`)", ""),
        ("Pasa a `warn`", "Lector de caja (`caja.py`)"),
        ("Omite la línea", "Lector de caja (`caja.py`)"),
        ("Los dos pasan.", ""),
        ("Nada más", ""),
    ]


def test_a_paragraph_within_an_item_leads_in_no_other_item():
    report = (
        "Next steps:\n\n1. Run `make` once.\n2. Take the line out again:\n    ```python\n    # create()\n    ```\n    And name the log:\n"
        "    ```python\n    log()\n    ```\n3. Save the file and start the server.\n"
    )
    items = [(sentence.text, sentence.lead) for sentence in sentences(report) if sentence.is_item]
    assert items == [
        ("Run `make` once.", "Next steps:"),
        ("Take the line out again:", "Next steps:"),
        ("Save the file and start the server.", "Next steps:"),
    ]

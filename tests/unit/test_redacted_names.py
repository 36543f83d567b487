"""What a person types into a name, a label or a description passes redaction before it is stored, like a transcript."""

from __future__ import annotations

from pathlib import Path

from onward.app.admin import access
from onward.app.projects import projects
from onward.app.sessions import templates
from onward.store import Store

SECRET = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"


def test_no_name_or_label_keeps_a_secret(home: Path) -> None:
    with Store.at_folder(home) as store:
        created = projects.create(
            store, f"a {SECRET}", description=f"d {SECRET}", repository=(f"/r/{SECRET}", f"https://x:{SECRET}@example.com/a")
        )
        projects.update(store, created, description=f"again {SECRET}")
        projects.rename(store, created, f"b {SECRET}")
        access.create_token(store, f"c {SECRET}", "read")
        templates.create(store, f"t {SECRET}", objectives=[f"o {SECRET}"], description=f"p {SECRET}")
        name = projects.list_projects(store)[0].project.name
    assert name.startswith("b [secret:github-token:")
    for path in home.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()

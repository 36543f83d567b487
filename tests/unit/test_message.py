from __future__ import annotations

import ast
import json
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import onward
from onward.errors import NotFound
from onward.message import Message, as_message, from_data, in_english, to_data


def test_a_message_is_its_english_sentence() -> None:
    reason = Message("used {percent:.0f} % of {limit}", percent=12.34, limit="5 h")
    assert str(Message("Account {name}: {reason}.", name="a", reason=reason)) == "Account a: used 12 % of 5 h."


def test_messages_are_equal_by_template_and_values() -> None:
    assert Message("{n} turns", n=2) == Message("{n} turns", n=2)
    assert Message("{n} turns", n=2) != Message("{n} turns", n=3)
    assert len({Message("{n} turns", n=2), Message("{n} turns", n=2)}) == 1


def test_an_error_speaks_its_message_and_hint() -> None:
    error = NotFound(Message("There is no project {name}.", name="shop"), "List them: onward project list")
    assert str(error) == "There is no project shop. List them: onward project list"
    assert error.message == Message("There is no project {name}.", name="shop")


def test_every_message_has_the_values_that_its_template_names() -> None:
    for path in sorted(Path(onward.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "Message"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                if any(keyword.arg is None for keyword in node.keywords):
                    continue
                names = {name.partition(".")[0] for _text, name, _spec, _conversion in Formatter().parse(str(node.args[0].value)) if name}
                assert names == {keyword.arg for keyword in node.keywords}, f"{path}:{node.lineno}"


def test_messages_are_stored_and_read_back() -> None:
    moment = datetime(2026, 5, 1, 14, 3, tzinfo=UTC)
    message = Message("Not before {moment:%H:%M}: {reason}", moment=moment, reason=Message("{count:,} turns", count=1200))
    data = {"errors": [{"code": "x", "message": message}], "count": 3}
    stored = json.loads(json.dumps(to_data(data)))
    assert from_data(stored) == data
    assert in_english(data) == {"errors": [{"code": "x", "message": "Not before 14:03: 1,200 turns"}], "count": 3}
    assert str(as_message("Send {this}.")) == "Send {this}."

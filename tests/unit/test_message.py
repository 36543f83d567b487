from __future__ import annotations

from onward.errors import NotFound
from onward.message import Message


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

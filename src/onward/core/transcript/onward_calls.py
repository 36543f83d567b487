"""The mark of Onward's own requests to a model: an agent that is asked keeps a transcript of the request, which is
not a session.
"""

from __future__ import annotations

CALL_MARK = "[onward asks: not a session]"
"""First in the instructions of every request that Onward makes."""


def is_onward_call(text: str) -> bool:
    """Return whether *text*, the first text of a transcript, is a request by Onward."""
    return text.lstrip().startswith(CALL_MARK)

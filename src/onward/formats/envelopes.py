"""What a person typed in a message that programs add to. The frames of all clients are in `core.transcript.frames`."""

from __future__ import annotations

from onward.core.transcript.frames import unframe
from onward.core.transcript.transcript import Mark


def extract_typed(texts: list[str]) -> tuple[str, Mark]:
    """Return the parts of one message in the user's name: the typed text, as `said`; the body of a compaction's summary, as `summary`; if
    there is neither, all of it, as `injected`.
    """
    parts = [part for part in map(unframe, texts) if part[0]]
    if parts:
        return "\n\n".join(text for text, _ in parts), "summary" if any(mark == "summary" for _, mark in parts) else "said"
    rest = "\n\n".join(text.strip() for text in texts if text.strip())
    return rest, "injected" if rest else "said"

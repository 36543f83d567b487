"""The measure: how much of its sessions a handoff preserves, by rules separate from those that wrote it.

It reads only the turns and the finished document, never the facts that the document was made from. A document tuned to
its own generator's facts keeps nearly all of *them* and still misses a fifth of what people ask for; so nothing here
imports `core.extract`, `core.facts.ledger` or `core.handoff.composer`.
"""

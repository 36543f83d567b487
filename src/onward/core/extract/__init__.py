"""Extraction of facts from the turns of a session, with one family of rules per module.

`trace` records what happened in order, `tool_results` drafts facts from tool calls, and `statements` drafts facts from sentences. `echoes`
drops sentences that only repeat an earlier handoff, and `claims` checks what an agent claims against the log.
"""

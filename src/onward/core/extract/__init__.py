"""Extraction of facts from turns, with one family of rules per module.

`trace` collects what happened in the session, `tool_results` drafts facts from tool calls, `statements` from what was
said; `echoes` drops what only repeats a handoff, and `claims` checks what an agent says against the log.
"""

"""`onward statusline`, which Claude Code and Qwen Code call after each answer: one line about the project, the session, the handoff and the
limits. It records the limits as they pass, and never fails.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from onward import locations
from onward.agents import stored_handoff
from onward.agents.hook_input import read_input
from onward.agents.payload import HookPayload
from onward.agents.stored_handoff import PassingLimit
from onward.core.limit_names import CLAUDE_LIMITS, FIVE_HOURS, WEEK

SEPARATOR = " · "
_PERIODS = {FIVE_HOURS: "5h", WEEK: "week"}
_SESSIONS = "/projects/"
"""The folder of sessions in the folder of Claude Code's settings."""


def run(arguments: Sequence[str]) -> int | None:
    """Print the line and return 0; return None for `--help` or an invalid call, which the command-line framework handles."""
    words = [word for word in arguments if word != "--json"]
    if words and (words[0] != "--agent" or len(words) != 2):
        return None
    agent = words[1] if words else "claude-code"
    try:
        line = build_line(agent, read_input(), locations.data_folder(os.environ), time.time())
    except Exception:  # noqa: BLE001 - whatever happens, the agent must continue
        line = ""
    if len(words) < len(arguments):
        import json  # Already imported by the payload module.

        line = json.dumps({"line": line}, ensure_ascii=False)
    sys.stdout.write(line + "\n" if line else "")
    return 0


def build_line(agent: str, text: str, home: str, now: float) -> str:
    """Return the line for what *agent* sends, and store the limits in it. *now* is Unix time."""
    payload = HookPayload(agent, "", text)
    data = payload.data
    workspace = data.get("workspace")
    current = workspace.get("current_dir") if isinstance(workspace, dict) else ""
    context = stored_handoff.FolderContext(home, payload.cwd or str(current or "") or os.getcwd(), os.environ)
    limits = _read_limits(data.get("rate_limits"), now)
    if limits and payload.session and not context.is_elsewhere:
        profile = payload.transcript.replace("\\", "/").rpartition(_SESSIONS)[0]
        stored_handoff.record_limits(context.home, agent, payload.session, profile, limits)
    status = None if context.is_elsewhere else stored_handoff.find_status(context, payload.session)
    folder = os.path.basename(context.root or context.cwd)
    parts = [status.name if status else context.project_name or folder]
    if status and status.session_number:
        parts.append(f"session {status.session_number}")
    if status:
        parts.append(f"handoff {_age(now - status.handoff_at)} old" if status.handoff_at else "no handoff yet")
    return SEPARATOR.join([*parts, *(_describe(limit, now) for limit in limits)])


def _read_limits(value: object, now: float) -> list[PassingLimit]:
    """Return the limits in the `rate_limits` of Claude Code: `{five_hour: {used_percentage, resets_at}, …}`."""
    limits: list[PassingLimit] = []
    for name, limit in value.items() if isinstance(value, dict) else ():
        used_percent = limit.get("used_percentage") if isinstance(limit, dict) else None
        if name in CLAUDE_LIMITS and isinstance(used_percent, int | float):
            resets_at = limit.get("resets_at")
            minutes, model = CLAUDE_LIMITS[name]
            reset = float(resets_at) if isinstance(resets_at, int | float) else None
            limits.append(PassingLimit(window_minutes=minutes, model=model, used_percent=float(used_percent), resets_at=reset, at=now))
    return limits


def _describe(limit: PassingLimit, now: float) -> str:
    """Return what is left: `5h 77% left`, with the time until the reset once little is left."""
    left = max(0, round(100 - limit.used_percent))
    name = f"{_PERIODS.get(limit.window_minutes, '')} {limit.model}".strip()
    resets = f", resets in {_age(limit.resets_at - now)}" if limit.resets_at and limit.resets_at > now and left < 30 else ""
    return f"{name} {left}% left{resets}"


def _age(seconds: float) -> str:
    minutes = max(0, int(seconds // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"

"""Work that must not keep an agent waiting, in a process of its own: it outlives the hook, and the agent, and nobody sees it."""

from __future__ import annotations

import subprocess
import sys
import time


class DetachedProcess:
    """A Python *module* run with *arguments* in a session of its own, in *folder*."""

    def __init__(self, module: str, *arguments: str, folder: str) -> None:
        # -P: what lies in the folder that the agent works in is not ours to import.
        command = [sys.executable, "-P", "-m", module, *arguments]
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, creationflags=flags,
        )  # fmt: skip

    def has_ended(self, timeout_seconds: float) -> bool:
        """Wait at most so long for its end."""
        deadline = time.monotonic() + timeout_seconds
        while self._process.poll() is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

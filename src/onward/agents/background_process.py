"""Background processes that outlive the hook and the agent, so that the agent does not wait."""

from __future__ import annotations

import subprocess
import sys
import time


class DetachedProcess:
    """A Python *module*, run with *arguments* in *folder* and detached from the terminal."""

    def __init__(self, module: str, *arguments: str, folder: str) -> None:
        # -P: modules in the folder that the agent works in must not be imported.
        command = [sys.executable, "-P", "-m", module, *arguments]
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, creationflags=flags,
        )  # fmt: skip

    def has_ended(self, timeout_seconds: float) -> bool:
        """Wait at most *timeout_seconds* for the end of the process and return whether it ended."""
        deadline = time.monotonic() + timeout_seconds
        while self._process.poll() is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

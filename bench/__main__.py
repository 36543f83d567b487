"""Every bench, one after another: `make bench`."""

from __future__ import annotations

from bench import preservation, speed


def main() -> None:
    """Run them all; each prints its table and writes its JSON under bench/results."""
    print("== speed of distill and import\n", flush=True)
    speed.main([])
    print("\n== preservation on the frozen probes\n", flush=True)
    preservation.main([])


if __name__ == "__main__":
    main()

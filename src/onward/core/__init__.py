"""The pure core: turns in; facts, ledger and handoff out. No input or output, no clock, no randomness."""

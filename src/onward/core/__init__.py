"""The pure heart: turns in, facts, ledger and handoff out. No I/O, no clock, no chance."""

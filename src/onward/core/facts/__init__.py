"""Facts, the ledger that folds them, and their headings."""

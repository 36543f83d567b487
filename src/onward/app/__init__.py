"""Use cases, one module per noun: each function is one unit of work, and answers with plain values."""

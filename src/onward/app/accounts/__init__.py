"""Accounts: the pool, which account to use next, and what sessions cost."""

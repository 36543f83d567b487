"""Accounts, their credits, and which one to use next."""

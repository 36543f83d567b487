"""Accounts, knowledge, templates, jobs and access tokens: what the rooms beside the ledger keep."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""

"""The evidence that a handoff is written from and checked against."""

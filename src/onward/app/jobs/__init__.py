"""Background jobs and the events they raise."""

"""The dashboard: HTML pages over the same use cases as the API. docs/dashboard.md explains how to extend it."""

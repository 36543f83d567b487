"""The dashboard: pages over the same use cases as the API. docs/dashboard.md tells how it is built and how to add to it."""

"""Durable background work: what takes longer than a request, as rows in `jobs` that a worker carries out step by step."""

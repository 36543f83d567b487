"""Handoffs: composition, rendering, comparison, and measurement over time."""

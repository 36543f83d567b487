"""Handoffs: from turns to the master handoff, its versions and its brief."""

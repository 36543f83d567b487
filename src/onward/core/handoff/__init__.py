"""The handoff: composed, rendered, compared, measured over time."""

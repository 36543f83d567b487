"""At home in the agents: hooks that bring the handoff in and take the session out, and what installs them."""

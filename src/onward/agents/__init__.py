"""Integration with agents: hooks that give a session its handoff and import it afterwards, and the installer of the hooks."""

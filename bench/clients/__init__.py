"""Onward against the real agents: their pinned clients from npm, offline, with a scripted model on this machine (`make agents`)."""

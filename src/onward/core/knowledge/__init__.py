"""Knowledge entries, error signatures, checklists."""

"""Projects: their facts, files and conversations."""

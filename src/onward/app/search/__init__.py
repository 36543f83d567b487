"""Full-text search over everything stored."""

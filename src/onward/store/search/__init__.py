"""The full-text index, one module per database."""

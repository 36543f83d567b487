"""A project as one file: written, read and exported for training."""

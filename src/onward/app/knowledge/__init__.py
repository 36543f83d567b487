"""The knowledge base, and troubleshooting with it."""

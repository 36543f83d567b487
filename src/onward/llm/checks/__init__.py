"""Checks of written lines against evidence, each by code alone."""

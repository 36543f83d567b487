"""Requests to language models. Without one, or if it fails, the result made by rules is used."""

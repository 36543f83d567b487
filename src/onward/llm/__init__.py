"""Asking a language model, which can only make things better: whatever it does, what the rules made stands."""

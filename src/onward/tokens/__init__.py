"""The length of texts in cl100k tokens."""

from onward.tokens.estimate import count_tokens

__all__ = ["count_tokens"]

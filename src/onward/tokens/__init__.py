"""How long a text is, in tokens of cl100k."""

from onward.tokens.estimate import count_tokens

__all__ = ["count_tokens"]

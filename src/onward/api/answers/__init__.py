"""How answers are wrapped, paged and described."""

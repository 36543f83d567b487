"""The HTTP edge: parse a request, call `app`, present the answer. Every route of the house is here, and no rule of it."""

"""Envelopes, paging, ETags and OpenAPI shapes of answers."""

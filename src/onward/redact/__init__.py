"""The one place where secrets are replaced: nothing is stored or printed before it has passed here."""

from onward.redact.redactor import DISTILL_KEY, Redactor

__all__ = ["DISTILL_KEY", "Redactor"]

"""Errors that mean something to the reader; all of them derive from LeydenError."""


class LeydenError(Exception):
    """Base of every error that Leyden raises on purpose."""


class NotANumberError(LeydenError, ValueError):
    """A nan where only a number may stand: in bounds, in a request, in a set-point."""

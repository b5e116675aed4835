"""What can go wrong with what is kept, each with its mend."""

from leyden.model.errors import LeydenError


class HistoryError(LeydenError):
    """The folder of the record or the ledger is not what it must be; the text says what to do."""


class RecordUnavailableError(HistoryError):
    """The record cannot be read at this moment: its file is locked, damaged or being opened again. Ask later."""


class LedgerError(HistoryError, OSError):
    """The ledger could not keep or find something: the disk is full, the file is locked. Nothing was half-done."""

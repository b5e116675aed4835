"""Errors that the API tells in both languages."""

from fastapi import Request
from fastapi.responses import JSONResponse

from leyden.model.words import Words
from leyden.runtime.describe import words_json


class ApiError(Exception):
    """A refusal with its HTTP status and the words that say why."""

    def __init__(self, status: int, words: Words) -> None:
        super().__init__(words.en)
        self.status = status
        self.words = words


async def tell(request: Request, error: Exception) -> JSONResponse:
    """The refusal as JSON."""
    assert isinstance(error, ApiError)
    return JSONResponse({"detail": words_json(error.words)}, status_code=error.status)

"""Errors that the API tells in both languages."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from leyden.model.words import Words
from leyden.runtime.describe import words_json


class ApiError(Exception):
    """A refusal with its HTTP status and the words that say why."""

    def __init__(self, status: int, words: Words) -> None:
        super().__init__(words.en)
        self.status = status
        self.words = words


async def tell_invalid(request: Request, error: Exception) -> JSONResponse:
    """What does not fit the schema, in words; what was sent is not echoed, because it may not even be JSON."""
    assert isinstance(error, RequestValidationError)
    told = "; ".join(f"{'.'.join(map(str, found['loc'][1:])) or 'body'}: {found['msg']}" for found in error.errors())
    return JSONResponse(
        {"detail": words_json(Words(f"请求不符合要求:{told}", f"the request does not fit: {told}"))}, 422
    )


async def tell_unavailable(request: Request, error: Exception) -> JSONResponse:
    """The record cannot be read, or the ledger not written, just now; nothing was half-done."""
    words = Words(f"存储暂不可用:{error}", f"the store is not available just now: {error}")
    return JSONResponse({"detail": words_json(words)}, 503)


async def tell(request: Request, error: Exception) -> JSONResponse:
    """The refusal as JSON."""
    assert isinstance(error, ApiError)
    return JSONResponse({"detail": words_json(error.words)}, status_code=error.status)

"""Errors that the API tells in both languages, and how OpenAPI shows them."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from leyden.model.words import Words
from leyden.runtime.describe import words_json
from leyden.web.invalid import invalid_words
from leyden.web.models import Model, Text

REFUSALS: Mapping[int, str] = {
    401: "Nobody known asks: log in, or give a token",
    403: "The role does not reach",
    404: "There is no such thing",
    409: "Not as things stand",
    413: "The request is too large",
    422: "The request makes no sense; the words say where",
    429: "Too often; Retry-After says how many seconds to wait",
    503: "Not just now: the site is starting, or its store cannot be reached",
}
"""What the API answers where it does not do what is asked; `{"detail": {"zh": ..., "en": ...}}` each time."""


class Refusal(Model):
    """Why something was not done."""

    detail: Text


class ApiError(Exception):
    """A refusal with its HTTP status and the words that say why."""

    def __init__(self, status: int, words: Words, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(words.en)
        self.status = status
        self.words = words
        self.headers = headers


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These refusals as a route declares them: `responses=refusals(404, 422)`."""
    return {status: {"model": Refusal, "description": REFUSALS[status]} for status in statuses}


async def tell(request: Request, error: Exception) -> JSONResponse:
    """The refusal as JSON."""
    assert isinstance(error, ApiError)
    return refusal(error.status, error.words, error.headers)


async def tell_invalid(request: Request, error: Exception) -> JSONResponse:
    """What does not fit the schema, in words."""
    assert isinstance(error, RequestValidationError)
    return refusal(422, invalid_words(error.errors()))


async def tell_unavailable(request: Request, error: Exception) -> JSONResponse:
    """The record cannot be read, or the ledger not written, just now; nothing was half-done."""
    return refusal(503, Words(f"存储暂不可用:{error}", f"the store is not available just now: {error}"))


async def tell_http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: a body that cannot be read."""
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return refusal(422, Words("请求体应为 UTF-8 编码的 JSON", "the body of the request is no JSON in UTF-8"))
    return refusal(error.status_code, Words(f"HTTP {error.status_code}", str(error.detail)), error.headers)


def refusal(status: int, words: Words, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer that every refusal has."""
    return JSONResponse({"detail": words_json(words)}, status, dict(headers or {}))

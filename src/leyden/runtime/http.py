"""A small JSON client for Leyden's own addresses: the twin's control port, and a running site's API."""

import json
import shutil
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import IO, Any

from leyden.model.errors import LeydenError
from leyden.model.words import Words

_PIECE = 1 << 20
_NO_ANSWER = (OSError, HTTPException, ValueError)
"""Nobody there, one that died in the middle of its answer, an address that is none."""


class AnswerError(LeydenError):
    """The other side refused, or is not there; `status` is 0 where nobody answers."""

    def __init__(self, status: int, words: Words) -> None:
        super().__init__(words.en)
        self.status = status
        self.words = words


def request_json(method: str, url: str, body: Any = None, token: str | None = None, timeout_s: float = 5.0) -> Any:
    """One request and its JSON answer. Raises AnswerError with words for people."""
    content = fetch(method, url, body, token, timeout_s)
    try:
        return json.loads(content)
    except ValueError:
        raise AnswerError(0, Words(f"{url} 处不是 Leyden", f"what answers at {url} is not Leyden")) from None


def fetch(
    method: str,
    url: str,
    body: Any = None,
    token: str | None = None,
    timeout_s: float = 5.0,
    session: urllib.request.OpenerDirector | None = None,
) -> bytes:
    """One request and its answer as it came; in a person's `session` where one is given, which keeps its cookie.

    Raises AnswerError with words for people.
    """
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if session is not None:
        headers["X-Leyden"] = "1"
    open_url = urllib.request.urlopen if session is None else session.open
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with open_url(request, timeout=timeout_s) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise AnswerError(error.code, _detail(error)) from None
    except _NO_ANSWER as error:
        why = getattr(error, "reason", error)
        raise AnswerError(0, Words(f"{url} 无应答:{why}", f"nobody answers at {url}: {why}")) from None


def download(url: str, target: IO[bytes], token: str | None = None, timeout_s: float = 60.0) -> int:
    """An answer of any size into an open file, piece by piece; its size. Raises AnswerError with words for people."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            shutil.copyfileobj(answer, target, _PIECE)
            wanted = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        raise AnswerError(error.code, _detail(error)) from None
    except _NO_ANSWER as error:
        why = getattr(error, "reason", error)
        raise AnswerError(0, Words(f"{url} 无应答:{why}", f"nobody answers at {url}: {why}")) from None
    size = target.tell()
    if wanted is not None and size != int(wanted):
        raise AnswerError(0, Words(f"{url} 传输中断", f"{url} was cut off after {size} of {wanted} bytes"))
    return size


def _detail(error: urllib.error.HTTPError) -> Words:
    """What the other side said, in both languages where it knows both."""
    try:
        detail = json.loads(error.read())["detail"]
    except (*_NO_ANSWER, KeyError, TypeError):
        return Words(f"HTTP {error.code}", f"HTTP {error.code}")
    if isinstance(detail, dict) and {"zh", "en"} <= detail.keys():
        return Words(str(detail["zh"]), str(detail["en"]))
    return Words(json.dumps(detail, ensure_ascii=False), json.dumps(detail))

"""Answers that never come, or not to their end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from leyden.runtime.http import AnswerError, request_json

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"


@contextmanager
def answering(said: bytes) -> Iterator[str]:
    """A server that says this to one caller, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/api"
        thread.join(5.0)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        OK,
        OK + b'{"cut',
        b"what is this",
        b'HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\n{"det',
        OK.replace(b": 20", b": 14") + b"<html> </html>",
    ],
)
def test_an_answer_that_is_cut_off_or_none_is_said_in_words(said):
    with answering(said) as url, pytest.raises(AnswerError) as refused:
        request_json("GET", url)
    assert refused.value.status in (0, 503)
    assert refused.value.words.zh

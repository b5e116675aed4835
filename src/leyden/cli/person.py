"""Acting as a person: log in, ask one thing, log out."""

import json
import urllib.request
from contextlib import suppress
from http.cookiejar import CookieJar
from typing import Any

from leyden.cli.client import fail_as
from leyden.runtime.http import AnswerError, fetch


def as_person(url: str, name: str, password: str, method: str, path: str, body: Any = None) -> Any:
    """One request in a session of its own; ends the command with words and a stable exit code where it fails."""
    session = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    base = url.rstrip("/")
    try:
        fetch("POST", f"{base}/api/login", {"user": name, "password": password}, session=session)
        try:
            return json.loads(fetch(method, base + path, body, session=session))
        finally:
            with suppress(AnswerError):  # it ends by itself, too
                fetch("POST", f"{base}/api/logout", {}, session=session)
    except AnswerError as error:
        fail_as(error)

"""How commands talk to a running site: its address, its token, and how they end."""

import json
import os
from typing import Annotated, Any, NoReturn

import typer

from leyden.cli.consoles import err
from leyden.model.words import Language
from leyden.runtime.http import AnswerError, request_json

EXIT_REFUSED = 1
"""The site said no."""
EXIT_UNREACHABLE = 3
"""Nobody answers."""

Url = Annotated[str, typer.Option("--url", envvar="LEYDEN_URL", help="Address of the running site.")]
Token = Annotated[str | None, typer.Option("--token", envvar="LEYDEN_TOKEN", help="Printed at the first start.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable, on standard output.")]

DEFAULT_URL = "http://127.0.0.1:8420"


def language() -> Language:
    """zh or en, from LEYDEN_LANG or the terminal's own setting."""
    setting = os.environ.get("LEYDEN_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return "zh" if setting.lower().startswith("zh") else "en"


def ask(method: str, url: str, path: str, body: Any = None, token: str | None = None, timeout_s: float = 5.0) -> Any:
    """One request to the site; ends the command with words and a stable exit code where it fails."""
    try:
        return request_json(method, url.rstrip("/") + path, body, token, timeout_s)
    except AnswerError as error:
        fail_as(error)


def fail_as(error: AnswerError) -> NoReturn:
    """Say what the site said, or that nobody answers, and stop."""
    text = error.words.zh if language() == "zh" else error.words.en
    fail(text, EXIT_UNREACHABLE if error.status == 0 else EXIT_REFUSED)


def fail(text: str, code: int) -> NoReturn:
    """Say what is wrong on stderr and stop."""
    err.print(text, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(code)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def said(words: dict[str, str]) -> str:
    """A text of the API in the user's language."""
    return words[language()]

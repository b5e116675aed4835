"""`leyden lock`, `leyden unlock` and `leyden locks`: what a person has taken out of use."""

import getpass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from leyden.cli.client import DEFAULT_URL, AsJson, Token, Url, ask, language, print_json
from leyden.cli.consoles import out
from leyden.cli.person import as_person
from leyden.model.words import Words

Target = Annotated[str, typer.Argument(help="A battery, a solar or wind plant, or `batteries` for all of them.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; shown wherever the lock is.")]

_LOCK = Words("{target} 已挂牌:{by},{since},{reason}", "{target} is locked by {by} since {since}: {reason}")
_NONE = Words("没有挂牌", "nothing is locked")
_USER = Words("用户名", "user")
_PASSWORD = Words("密码", "password")


def lock(
    target: Target,
    reason: Reason,
    by: Annotated[str | None, typer.Option("--by", help="Who locks it; default: the login name.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Lock a thing: zero power and no start, whoever asks, until a person unlocks it.

    Example: leyden lock b1 --by "Li Lei" --reason "fan replaced"
    """
    body = {"target": target, "by": by or getpass.getuser(), "reason": reason}
    _told(ask("POST", url, "/api/locks", body, token), as_json)


def unlock(
    target: Target,
    reason: Annotated[str, typer.Option("--reason", help="Why it may come off; goes into the log.")],
    by: Annotated[str | None, typer.Option("--by", help="Who unlocks it; default: the login name.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Log in as; where the site has users.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Take a lock off. Where the site has users this asks for a name and a password: no machine can.

    Example: leyden unlock b1 --reason "work is done, nobody is inside"
    """
    query = urlencode({"reason": reason, "by": by or getpass.getuser()})
    path = f"/api/locks/{quote(target, safe='')}?{query}"
    if ask("GET", url, "/api/me", token=token)["users"]:
        name = user or typer.prompt(_USER[language()], err=True)
        password = typer.prompt(_PASSWORD[language()], hide_input=True, err=True)
        _told(as_person(url, name, password, "DELETE", path), as_json)
    else:
        _told(ask("DELETE", url, path, token=token), as_json)


def locks(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """What is locked, by whom, since when and why.

    Example: leyden locks
    """
    _told(ask("GET", url, "/api/locks", token=token), as_json)


def _told(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for hung in answer["locks"]:
        out.print(_LOCK.fill(hung)[language()], highlight=False, markup=False)
    if not answer["locks"]:
        out.print(_NONE[language()], highlight=False)

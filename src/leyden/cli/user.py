"""`leyden user`: who can log in to a site, and what they may."""

import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from leyden.cli.client import AsJson, fail, print_json
from leyden.cli.consoles import err, out
from leyden.cli.people import DEFAULT_SITE, Desk, SiteOption, desk, say
from leyden.history.ledger import User
from leyden.history.ledger.passwords import check_password
from leyden.model.role import Role
from leyden.model.words import Words

app = typer.Typer(
    help="People who can log in. Works on the site's own files: on its computer, by who may write them.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="What somebody is called: letters, digits, . - _ @.")]
RoleOption = Annotated[Role, typer.Option("--role", help="What they may: each role may do what those before it may.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")]

_PASSWORD = Words("密码(不少于 10 个字符)", "password (10 characters or more)")
_NOT_ASKED = Words(
    "没有终端可输入密码:请使用 --password-stdin", "there is no terminal to ask for the password: use --password-stdin"
)
_DONE = {
    "added": Words("{name} 可以登录,角色为{role}", "{name} can log in as {role}"),
    "role": Words("{name} 现为{role},需重新登录", "{name} is {role} from now on, and has to log in again"),
    "password": Words("{name} 的密码已修改,需重新登录", "{name} has another password, and has to log in again"),
    "disabled": Words("{name} 不能再登录", "{name} cannot log in any more"),
    "enabled": Words("{name} 可以登录", "{name} can log in"),
    "removed": Words("{name} 已删除", "{name} is removed"),
}
_HEADS = (Words("用户", "name"), Words("角色", "role"), Words("可登录", "can log in"), Words("修改于", "changed"))
_YES, _NO = Words("是", "yes"), Words("否", "no")
_NOBODY = Words("还没有用户:leyden user add 姓名 --role administrator", "nobody yet: leyden user add NAME --role ...")


@app.command("add")
def add_user(name: Name, role: RoleOption, site: SiteOption = DEFAULT_SITE, password_stdin: FromStdin = False) -> None:
    """Let somebody log in; asks for the password twice.

    Example: leyden user add li --role operator --site sites/park.toml
    """
    with desk(site) as at:
        user = at.ledger.users.add(name, role, _password(name, password_stdin), at.now)
        at.note("user-added", user.name, None, {"role": user.role})
        _tell("added", user)


@app.command("list")
def list_users(site: SiteOption = DEFAULT_SITE, as_json: AsJson = False) -> None:
    """Everybody who can log in, or could.

    Example: leyden user list --site sites/park.toml
    """
    with desk(site) as at:
        users = at.ledger.users.all()
    if as_json:
        print_json(
            [
                {"name": user.name, "role": user.role, "enabled": user.enabled, "changed": user.changed.isoformat()}
                for user in users
            ]
        )
        return
    if not users:
        err.print(say(_NOBODY), highlight=False, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in _HEADS:
        table.add_column(say(head))
    for user in users:
        can = say(_YES if user.enabled else _NO)
        table.add_row(escape(user.name), say(user.role.label), can, f"{user.changed:%Y-%m-%d}")
    out.print(table)


@app.command("role")
def change_role(name: Name, role: RoleOption, site: SiteOption = DEFAULT_SITE) -> None:
    """Give somebody another role; their sessions end.

    Example: leyden user role li --role engineer --site sites/park.toml
    """
    with desk(site) as at:
        _change(at, "role", name, role=role)


@app.command("password")
def change_password(name: Name, site: SiteOption = DEFAULT_SITE, password_stdin: FromStdin = False) -> None:
    """Give somebody another password, such as one that was forgotten; their sessions end.

    Example: leyden user password li --site sites/park.toml
    """
    with desk(site) as at:
        _change(at, "password", name, password=_password(name, password_stdin))


@app.command("disable")
def disable_user(name: Name, site: SiteOption = DEFAULT_SITE) -> None:
    """Shut somebody out, and keep the entry; their sessions end.

    Example: leyden user disable li --site sites/park.toml
    """
    with desk(site) as at:
        _change(at, "disabled", name, enabled=False)


@app.command("enable")
def enable_user(name: Name, site: SiteOption = DEFAULT_SITE) -> None:
    """Let somebody in again.

    Example: leyden user enable li --site sites/park.toml
    """
    with desk(site) as at:
        _change(at, "enabled", name, enabled=True)


@app.command("remove")
def remove_user(name: Name, site: SiteOption = DEFAULT_SITE) -> None:
    """Remove somebody; what they did stays in the log.

    Example: leyden user remove li --site sites/park.toml
    """
    with desk(site) as at:
        user = at.ledger.users.remove(name)
        at.note("user-removed", user.name, {"role": user.role})
        _tell("removed", user)


def _change(
    at: Desk, done: str, name: str, role: Role | None = None, password: str | None = None, enabled: bool | None = None
) -> None:
    before, after = at.ledger.users.change(name, at.now, role, password, enabled)
    was, becomes = ({"role": user.role, "enabled": user.enabled} for user in (before, after))
    renewed = {} if password is None else {"password": "changed"}
    at.note("user-changed", after.name, was, becomes | renewed)
    _tell(done, after)


def _password(name: str, from_stdin: bool) -> str:
    """As it is typed, twice and unseen, or the first line of standard input. Raises WeakPasswordError."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt(say(_PASSWORD), hide_input=True, confirmation_prompt=True, err=True)
    else:
        fail(say(_NOT_ASKED), 2)
    check_password(name, password)
    return password


def _tell(done: str, user: User) -> None:
    words = _DONE[done].fill({"name": user.name, "role": user.role.label})
    out.print(say(words), highlight=False, markup=False)

"""`leyden token`: what machines may do over a site's API."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from leyden.cli.client import AsJson, fail, print_json
from leyden.cli.consoles import err, out
from leyden.cli.people import DEFAULT_SITE, SiteOption, desk, refuse, say
from leyden.cli.user import RoleOption
from leyden.model.quantity import parse_quantity
from leyden.model.words import Words

app = typer.Typer(
    help="Tokens for machines. Works on the site's own files: on its computer, by who may write them.",
    no_args_is_help=True,
)

_ONCE = Words("令牌只显示这一次,请妥善保存", "this is shown only this once: keep it safe")
_REMOVED = Words("令牌 {number} 已收回", "token {number} opens nothing any more")
_NONE = Words("没有编号为 {number} 的有效令牌", "there is no token {number} to take back")
_LABEL = Words("标签应为 1 至 64 个可打印字符", "a label has 1 to 64 printable characters")
_PAST = Words("有效期应大于零", "a token that ends at once opens nothing")
_HEADS = (Words("编号", "number"), Words("标签", "label"), Words("角色", "role"), Words("有效期至", "ends"))
_STATE = {"revoked": Words("已收回", "taken back"), "never": Words("长期", "never"), "over": Words("已过期", "over")}


@app.command("add")
def add_token(
    label: Annotated[str, typer.Argument(help="Whose it is, such as `dispatcher`; it stands in the log.")],
    role: RoleOption,
    expires: Annotated[str | None, typer.Option("--expires", help='After how long it ends, such as "30 d".')] = None,
    site: SiteOption = DEFAULT_SITE,
) -> None:
    """Make a token; it is printed on standard output, this once.

    Example: leyden token add dispatcher --role operator --expires "90 d" --site sites/park.toml
    """
    try:
        lasts_s = None if expires is None else parse_quantity(expires, "s")
    except ValueError as error:
        fail(str(error), 2)
    if lasts_s is not None and lasts_s <= 0.0:
        fail(say(_PAST), 2)
    label = label.strip()
    if not 1 <= len(label) <= 64 or not label.isprintable():
        refuse(_LABEL)
    with desk(site) as at:
        end = None if lasts_s is None else at.now + timedelta(seconds=lasts_s)
        secret = at.ledger.tokens.create(label, role, at.now, end)
        number = secret.split(".")[1]
        after = {"role": role, "expires": None if end is None else end.isoformat(timespec="seconds")}
        at.note("token-made", f"{number} {label}", None, after)
    err.print(say(_ONCE), highlight=False, markup=False)
    typer.echo(secret)


@app.command("list")
def list_tokens(site: SiteOption = DEFAULT_SITE, as_json: AsJson = False) -> None:
    """Every token there ever was, without its secret.

    Example: leyden token list --site sites/park.toml
    """
    with desk(site) as at:
        tokens, now = at.ledger.tokens.all(), at.now
    if as_json:
        print_json(
            [
                {
                    "id": token.id,
                    "label": token.label,
                    "role": token.role,
                    "made": token.made.isoformat(),
                    "expires": None if token.expires is None else token.expires.isoformat(),
                    "revoked": None if token.revoked is None else token.revoked.isoformat(),
                }
                for token in tokens
            ]
        )
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in _HEADS:
        table.add_column(say(head))
    for token in tokens:
        if token.revoked is not None:
            ends = say(_STATE["revoked"])
        elif token.expires is None:
            ends = say(_STATE["never"])
        else:
            ends = f"{token.expires:%Y-%m-%d %H:%M} UTC" if token.expires > now else say(_STATE["over"])
        table.add_row(str(token.id), escape(token.label), say(token.role.label), ends)
    out.print(table)


@app.command("remove")
def remove_token(
    number: Annotated[int, typer.Argument(help="As in `leyden token list`.", min=1, max=2**63 - 1)],
    site: SiteOption = DEFAULT_SITE,
) -> None:
    """Take a token back; from then on it opens nothing.

    Example: leyden token remove 2 --site sites/park.toml
    """
    with desk(site) as at:
        if not at.ledger.tokens.revoke(number, at.now):
            refuse(_NONE.fill({"number": str(number)}))
        at.note("token-removed", str(number))
    out.print(say(_REMOVED.fill({"number": str(number)})), highlight=False, markup=False)

"""The command line: thin. Results on stdout, progress on stderr, `--json` where there is something to read.

Exit codes: 0 done, 1 refused by the site, 2 wrong use or wrong site file, 3 nobody answers.
"""

import typer

from leyden.cli import fault
from leyden.cli.check import check_command
from leyden.cli.demo import demo
from leyden.cli.export import export
from leyden.cli.manual import release, set_power
from leyden.cli.status import status, why
from leyden.cli.twin import twin
from leyden.cli.up import up

app = typer.Typer(
    name="leyden",
    help="Leyden (莱顿): energy management for battery storage.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("check")(check_command)
app.command("up")(up)
app.command("twin")(twin)
app.command("demo")(demo)
app.command("status")(status)
app.command("why")(why)
app.command("set")(set_power)
app.command("release")(release)
app.command("export")(export)
app.add_typer(fault.app, name="fault")


def main() -> None:
    """Entry point."""
    app()

"""The command line: thin. Results on stdout, progress on stderr, `--json` where there is something to read.

Exit codes: 0 done, 1 refused by the site, 2 wrong use or wrong site file, 3 nobody answers.

A command imports what it needs: `leyden status` has no use for the twin's kernels, and is there in half a second.
"""

import sys
from collections.abc import Mapping
from importlib import import_module

import typer

COMMANDS: Mapping[str, tuple[str, str]] = {
    "check": ("leyden.cli.check", "check_command"),
    "demo": ("leyden.cli.demo", "demo"),
    "up": ("leyden.cli.up", "up"),
    "twin": ("leyden.cli.twin", "twin"),
    "prepare": ("leyden.cli.prepare", "prepare"),
    "status": ("leyden.cli.status", "status"),
    "why": ("leyden.cli.status", "why"),
    "log": ("leyden.cli.log", "log"),
    "arm": ("leyden.cli.arm", "arm"),
    "disarm": ("leyden.cli.arm", "disarm"),
    "lock": ("leyden.cli.lock", "lock"),
    "unlock": ("leyden.cli.lock", "unlock"),
    "locks": ("leyden.cli.lock", "locks"),
    "demand": ("leyden.cli.log", "demand"),
    "set": ("leyden.cli.manual", "set_power"),
    "release": ("leyden.cli.manual", "release"),
    "user": ("leyden.cli.user", "app"),
    "token": ("leyden.cli.machine_token", "app"),
    "fault": ("leyden.cli.fault", "app"),
    "export": ("leyden.cli.export", "export"),
    "notify": ("leyden.cli.notify", "app"),
    "doctor": ("leyden.cli.doctor", "doctor"),
    "replay": ("leyden.cli.replay", "replay"),
    "backup": ("leyden.cli.backup", "backup"),
    "restore": ("leyden.cli.backup", "restore_command"),
    "service": ("leyden.cli.service", "app"),
    "commission": ("leyden.cli.commission", "commission_command"),
    "cell": ("leyden.cli.cell", "app"),
    "estimate": ("leyden.cli.estimate", "estimate"),
    "cells": ("leyden.cli.cells", "cells"),
}
"""Name of a command: the module it is in, and what it is called there."""


def make_app(names: tuple[str, ...] = tuple(COMMANDS)) -> typer.Typer:
    """The application with these commands; all of them, unless one is known to be meant."""
    app = typer.Typer(
        name="leyden",
        help="Leyden (莱顿): energy management for battery storage.",
        no_args_is_help=True,
        add_completion=False,
    )
    # With a callback typer keeps the name of a command even where it is the only one.
    app.callback()(lambda: None)
    for name in names:
        module, attribute = COMMANDS[name]
        made = getattr(import_module(module), attribute)
        if isinstance(made, typer.Typer):
            app.add_typer(made, name=name)
        else:
            app.command(name)(made)
    return app


def main() -> None:
    """Entry point."""
    meant = tuple(word for word in sys.argv[1:2] if word in COMMANDS)
    make_app(meant or tuple(COMMANDS))()

"""`leyden commission`: prove a site step by step, before anything is left to control it."""

import asyncio
import contextlib
import getpass
import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from leyden.cli.client import EXIT_REFUSED, EXIT_UNREACHABLE, AsJson, Token, fail, language, print_json
from leyden.cli.consoles import err, out
from leyden.cli.signals import until_signal
from leyden.cli.site_file import EXIT_BAD_SITE, load_or_fail
from leyden.commission import Mark, Part, Report, Step, Wish, commission
from leyden.commission.connect import bench_of, who_commands
from leyden.commission.document import STEPS
from leyden.commission.judge.verdict import MARKS
from leyden.commission.report import Lang, html_report
from leyden.commission.run import PULSE
from leyden.history import HistoryError, Ledger
from leyden.model.words import Language, Words
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.http import AnswerError

_COLOURS = {Mark.PASSED: "green", Mark.NOTED: "blue", Mark.UNDECIDED: "yellow", Mark.FAILED: "red"}
_LARGEST_PULSE = 0.2
_REAL = Words(
    "真实设备:以下步骤会让电池充放电。请确认现场无人作业,急停可用。",
    "These are real devices: what follows charges and discharges. Make sure nobody works on them, and that the "
    "emergency stop is at hand.",
)
_STOPPED = Words("已中断;设备已交还", "interrupted; the devices have been handed back")
_WRITTEN = Words("报告:{file}", "report: {file}")
_NOT_BACK = Words("未能交还 {device}:{why}", "{device} could not be handed back: {why}")


def commission_command(
    site: Annotated[Path, typer.Argument(help="The site file, such as sites/park.toml.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do every step without asking.")] = False,
    only: Annotated[list[Step] | None, typer.Option("--only", help="This step; may be given more than once.")] = None,
    battery: Annotated[list[str] | None, typer.Option("--battery", help="This battery; all unless said.")] = None,
    pulse: Annotated[
        float, typer.Option("--pulse", min=0.01, max=_LARGEST_PULSE, help="Share of rated power.")
    ] = PULSE,
    by: Annotated[str | None, typer.Option("--by", help="Who does it; the user who is logged in unless said.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the report and the ledger.")] = "",
    folder: Annotated[Path, typer.Option("--out", help="Folder for the report.")] = Path(),
    lang: Annotated[Lang, typer.Option("--lang", help="Languages of the report.")] = Lang.BOTH,
    as_json: AsJson = False,
    url: Annotated[
        str | None, typer.Option("--url", envvar="LEYDEN_URL", help="Where the site may be running.")
    ] = None,
    token: Token = None,
) -> None:
    """Go step by step: links, signs and scale, times, watchdog, limits, stop; each is asked before it is done.

    Nobody else may command the devices meanwhile: a running site must be in shadow or stopped, and a simulated one
    needs its `leyden twin` alone. The report is one HTML file, named by site and date.

    Example: leyden commission sites/park.toml --by "Li Lei"
    """
    config = load_or_fail(site)
    names = [one.name for one in config.site.batteries]
    if unknown := set(battery or ()) - set(names):
        fail(f"there is no battery {min(unknown)!r}; there are: {', '.join(names)}", EXIT_BAD_SITE)
    if (hindrance := who_commands(config, url, token)) is not None:
        fail(hindrance[_language()], EXIT_REFUSED)
    steps = tuple(step for step in Step if not only or step in only)
    wish = Wish(by or getpass.getuser(), reason, steps, tuple(battery or ()), pulse)
    keeping = _Keeping(config, folder, lang)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(until_signal(_run(config, wish, yes, keeping)))
    _tell(keeping, as_json)


@dataclass(slots=True)
class _Keeping:
    """Where the report goes, and what came of it."""

    config: SiteConfig
    folder: Path
    lang: Lang
    report: Report | None = None
    written: Path | None = None
    whole: bool = False
    """Whether the run came to its end."""
    errors: list[str] = field(default_factory=list)

    def __call__(self, report: Report) -> None:
        """Keep it: the file first, then the ledger, which names it."""
        if not report.parts:
            return
        self.report = report
        self.folder.mkdir(parents=True, exist_ok=True)
        self.written = _free(self.folder / f"{report.file_name}.html")
        self.written.write_text(html_report(report, self.lang), encoding="utf-8")
        after = {**report.summary, "file": self.written.name}
        try:
            with contextlib.closing(Ledger(data_folder(self.config, report.simulated))) as ledger:
                ledger.actions.add(report.ended, report.by, "commissioned", report.site, None, after, report.why)
        except HistoryError as error:
            self.errors.append(str(error))


def _free(path: Path) -> Path:
    """This name, or with a number if it is taken: no report is ever written over."""
    names = (path, *(path.with_stem(f"{path.stem}-{number}") for number in range(2, 1000)))
    return next(name for name in names if not name.exists())


async def _run(config: SiteConfig, wish: Wish, yes: bool, keeping: _Keeping) -> None:
    if config.twin is None:
        err.print(_REAL[_language()], style="yellow", highlight=False)
    try:
        with contextlib.closing(Ledger(data_folder(config, config.twin is not None))) as ledger:
            async with bench_of(config, ledger=ledger) as bench:
                await commission(config, bench, wish, _always if yes else _asked, _progress, keeping)
                keeping.whole = True
    except HistoryError as error:
        fail(str(error), EXIT_REFUSED)
    except AnswerError as error:
        fail(f"{error.words[_language()]}: leyden twin {config.path}", EXIT_UNREACHABLE)


def _tell(keeping: _Keeping, as_json: bool) -> None:
    """What came of it, and the exit code."""
    report, chosen = keeping.report, _language()
    if report is not None:
        for device, why in report.left_alone.items():
            err.print(_NOT_BACK.fill({"device": device, "why": why})[chosen], style="red", highlight=False)
        for error in keeping.errors:
            err.print(error, style="red", highlight=False)
        if as_json:
            print_json({**report.as_json(), "file": str(keeping.written)})
        else:
            text = _WRITTEN.fill({"file": str(keeping.written)})[chosen]
            out.print(
                f"{MARKS[report.mark][chosen]} · {text}", style=_COLOURS[report.mark], highlight=False, soft_wrap=True
            )
    if not keeping.whole:
        fail(_STOPPED[chosen], EXIT_REFUSED)
    if report is None or report.mark in (Mark.FAILED, Mark.UNDECIDED):
        raise typer.Exit(EXIT_REFUSED)


def _progress(part: Part) -> None:
    """One step is over."""
    chosen = _language()
    head = f"{STEPS[part.step][chosen]} · {part.target}"
    err.print(f"[{_COLOURS[part.mark]}]{MARKS[part.mark][chosen]}[/]  [bold]{escape(head)}[/]", highlight=False)
    if part.not_done is not None:
        err.print(f"    {escape(part.not_done[chosen])}", highlight=False)
    for finding in part.findings:
        colour, text = _COLOURS[finding.mark], escape(finding.verdict.words[chosen])
        err.print(f"    [{colour}]{MARKS[finding.mark][chosen]}[/] {text}", highlight=False, soft_wrap=True)
        if finding.mark is not Mark.PASSED and finding.verdict.mend.en:
            err.print(f"        -> {escape(finding.verdict.mend[chosen])}", highlight=False, soft_wrap=True)


async def _always(words: Words) -> bool:
    err.print(f"{escape(words[_language()])}", style="dim", highlight=False, soft_wrap=True)
    return True


async def _asked(words: Words) -> bool:
    """Nothing is commanded while a person thinks."""
    err.print(
        f"{escape(words[_language()])} [y/N] ".replace("[y/N]", r"\[y/N]"), end="", highlight=False, soft_wrap=True
    )
    return (await _line()).strip().lower() in ("y", "yes", "是")


async def _line() -> str:
    """One line from standard input, read where a Ctrl-C need not wait for it; empty at its end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def hand_over(text: str) -> None:
        if not answer.done():
            answer.set_result(text)

    def read() -> None:
        text = _read_line()
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(hand_over, text)

    threading.Thread(target=read, daemon=True).start()
    return await answer


def _read_line() -> str:
    """Byte by byte and without a buffer, so that a thread that still waits holds nothing at the end."""
    try:
        number = sys.stdin.fileno()
    except (OSError, ValueError):
        return sys.stdin.readline()
    found = b""
    while not found.endswith(b"\n"):
        more = os.read(number, 1)
        if not more:
            break
        found += more
    return found.decode(errors="replace")


def _language() -> Language:
    return "zh" if language() == "zh" else "en"

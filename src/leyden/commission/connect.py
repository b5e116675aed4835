"""From a site file to a bench with devices on it; and whether somebody else commands them."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from leyden.commission.bench import Bench
from leyden.commission.pace import FAST_LOOK_S
from leyden.devices import FieldPlant
from leyden.history import Ledger
from leyden.model.clock import Clock
from leyden.model.site import Site
from leyden.model.words import Words
from leyden.runtime.clock import WallClock
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.http import AnswerError, request_json
from leyden.runtime.mode import SHADOW
from leyden.runtime.wiring import twin_clock
from leyden.runtime.write_counts import KeptCounts


class SiteClock(Clock, Protocol):
    """The time in which the site's devices live."""

    @property
    def stumble_s(self) -> float:
        """Site time that a stumble of this computer may look like."""
        ...


NOBODY = 0
"""Status of an address at which nobody answers."""


@asynccontextmanager
async def bench_of(
    config: SiteConfig, clock: SiteClock | None = None, ledger: Ledger | None = None
) -> AsyncIterator[Bench]:
    """The site's devices, read as fast as times are to be measured and not yet armed; let go at the end.

    What is written to the memories of devices counts in the site's `ledger`, with what the running site writes. Raises
    AnswerError where the site has a twin and that does not run.
    """
    if clock is None:
        clock = await site_clock(config)
    # Ages are needed as they are: what a stumble of this computer does to them, the bench forgives by itself.
    counts = None if ledger is None else KeptCounts(ledger, clock)
    plant = FieldPlant(quick(config.site), config.maps, clock, armed=False, counts=counts)
    await plant.start()
    try:
        yield Bench(config.site, plant, clock, clock.stumble_s)
    finally:
        await plant.stop()


async def site_clock(config: SiteConfig) -> SiteClock:
    """The time in which the site's devices live. Raises AnswerError where their twin does not run."""
    if config.twin is None:
        return WallClock()
    return await asyncio.to_thread(twin_clock, config.twin.port, config.site.id)


def quick(site: Site) -> Site:
    """The same site, its devices asked as often as times are to be measured."""
    return replace(
        site, devices=tuple(replace(device, poll_s=min(device.poll_s, FAST_LOOK_S)) for device in site.devices)
    )


def who_commands(config: SiteConfig, url: str | None = None, token: str | None = None) -> Words | None:
    """Who stands in the way of a commissioning, and what to do; None where nobody does.

    A running site may stay in shadow, where it sends nothing. One that is live, or that commands a twin, would fight
    every pulse. One that cannot be asked is taken to command.
    """
    held = _holder(config)
    address = url or config.web.address
    try:
        site = request_json("GET", f"{address.rstrip('/')}/api/site", token=token)
    except AnswerError as error:
        if error.status == NOBODY and held is None:
            return None
        return _UNKNOWN.fill({"who": held or address, "why": error.words})
    if site.get("id") != config.site.id:
        other = Words("该地址是另一站点", "another site answers there")
        return None if held is None else _UNKNOWN.fill({"who": held, "why": other})
    mark = str(site.get("mark", ""))
    return None if mark == SHADOW else (_SIMULATED if mark == "SIMULATED" else _LIVE).fill({"address": address})


_LIVE = Words(
    "站点正在实控(LIVE):{address}。请先 leyden disarm(转为旁观)或停止它,再调试",
    "the site is LIVE at {address}: disarm it first (`leyden disarm`) or stop it",
)
_SIMULATED = Words(
    "站点正在指挥孪生:{address}。请停止 leyden up 或 leyden demo,只保留 leyden twin",
    "the site commands its twin at {address}: stop `leyden up` or `leyden demo`, and keep only `leyden twin`",
)
_UNKNOWN = Words(
    "该站点似乎正由 {who} 运行,无法确认其是否在控制({why})。请先停止它,或用 --url 与 --token 指明",
    "{who} seems to run this site, and it cannot be told whether it commands ({why}): stop it, or say where with --url "
    "and --token",
)


def _holder(config: SiteConfig) -> str | None:
    """The process that holds the site's record, as a running site does; None where nobody does."""
    lock = data_folder(config, simulated=config.twin is not None) / "record.lock"
    try:
        with lock.open("r", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return f"process {file.read().strip() or '?'}"
    except OSError:
        return None
    return None

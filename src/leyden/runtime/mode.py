"""Whether a site may write to its devices: SIMULATED beside a twin, else SHADOW until a person arms it.

The mode outlives restarts: a site that was live when it was killed is live again, one that never was is in shadow. It
is kept before it holds, and leaving live first stops every write and then hands each device back.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leyden.control.following import Following
from leyden.history import Ledger
from leyden.model import Controller
from leyden.model.clock import Clock
from leyden.model.condition import Condition
from leyden.model.errors import LeydenError
from leyden.model.words import Words
from leyden.runtime.links import Links
from leyden.runtime.refused import RefusedError

SIMULATED, SHADOW, LIVE = "SIMULATED", "SHADOW", "LIVE"
MODE, HELD = "station.mode", "station.not-handed-back"
"""Under which the ledger keeps it, and the devices that live was left with. No controller's name has that prefix."""


@dataclass(frozen=True, slots=True)
class Mode:
    """What this site does with its decisions, since when, and by whose word."""

    mark: str
    """SIMULATED, SHADOW or LIVE."""
    since: datetime
    """Aware UTC, site time."""
    by: str

    @property
    def writes(self) -> bool:
        """Whether decisions reach the devices."""
        return self.mark != SHADOW


@dataclass(frozen=True, slots=True)
class NotHandedBack:
    """Devices that live was left with, as the ledger keeps them."""

    devices: Mapping[str, Words] = field(default_factory=dict)


def kept_mode(ledger: Ledger, simulated: bool, now: datetime) -> Mode:
    """The mode in which a site starts. Keeps what it finds, so that `since` stands still over restarts."""
    if simulated:
        return Mode(SIMULATED, now, "site.toml")
    kept = ledger.states.load(MODE, Mode)
    if kept is not None and kept.mark in (SHADOW, LIVE):
        return kept
    first = Mode(SHADOW, now, "first start")
    with suppress(OSError):  # then the next start is in shadow too
        ledger.states.save(MODE, first, now)
    return first


def heard_in(mode: Mode, controllers: tuple[Controller[Any], ...]) -> tuple[Controller[Any], ...]:
    """In shadow the converters follow somebody else: that they do not follow us is no alarm there."""
    return tuple(c for c in controllers if mode.writes or not isinstance(c, Following))


class Helm:
    """The mode in force, and the only way to change it."""

    def __init__(self, mode: Mode, clock: Clock, ledger: Ledger, devices: Links | None) -> None:
        """`devices` is None where the plant has none to arm (in process, for tests and studies)."""
        self.mode = mode
        kept = ledger.states.load(HELD, NotHandedBack)
        self.held: Mapping[str, Words] = {} if kept is None or mode.writes else kept.devices
        """Devices that could not be handed back when live was left, and why."""
        self._inherited = bool(self.held)
        self._clock = clock
        self._ledger = ledger
        self._devices = devices
        self._turning = False

    async def arm(self, by: str, why: str) -> Mode:
        """Into LIVE: kept and logged, then the devices are taken over. Raises RefusedError, or OSError of the ledger.

        Where a device cannot be taken over the site stays in shadow.
        """
        self._may_turn()
        if self.mode.mark == LIVE:
            return self.mode
        before, after = self.mode, Mode(LIVE, self._clock.now(), by)
        self._turning = True
        try:
            self._keep(before, after, "armed", by, why)
            try:
                if self._devices is not None:
                    await self._devices.arm()
            except Exception as error:
                self._keep(after, before, "arming-failed", by, str(error))
                words = getattr(error, "words", None) or Words(str(error), str(error))
                raise RefusedError(_NOT_TAKEN.fill({"error": words}), 503) from error
            self.mode, self.held = after, {}
        finally:
            self._turning = False
        return self.mode

    async def disarm(self, by: str, why: str) -> Mapping[str, Words]:
        """Into SHADOW, at once; then each device is handed back. What could not be is returned, and stays an alarm.

        In shadow already it hands back again. Raises RefusedError, or OSError where the ledger cannot keep it: the
        devices are handed back all the same, but a restart would be live.
        """
        self._may_turn()
        before = self.mode
        if before.mark != SHADOW:
            self.mode = Mode(SHADOW, self._clock.now(), by)
        self._turning = True
        try:
            self.held = await self._hand_back()
        finally:
            self._turning = False
        # Only now: killed before, it is live again and cancels what it had forced, which shadow never could.
        self._ledger.states.save(HELD, NotHandedBack(self.held), self._clock.now())
        if before.mark != SHADOW:
            self._keep(before, self.mode, "disarmed", by, why)
        return self.held

    async def _hand_back(self) -> Mapping[str, Words]:
        """Every device; by name those that could not be, and why."""
        devices, before = self._devices, self.held
        if devices is None:
            return {}
        if not self._inherited:
            return await devices.disarm()
        # Left by an earlier process: this one has told them nothing, so they are taken over to be handed back.
        with suppress(LeydenError):  # what will not be taken over is among what disarm returns
            await devices.arm()
        links, held = devices.links(), dict(await devices.disarm())
        held |= {name: why for name, why in before.items() if name in links and links[name].state == "offline"}
        self._inherited = bool(held)
        return held

    def conditions(self) -> Iterator[Condition]:
        """One for each device that was not handed back."""
        for device, error in self.held.items():
            values = {"device": device, "error": error}
            yield Condition(
                key=f"not-handed-back:{device}",
                source=device,
                priority=1,
                title=Words("设备未交还", "a device was not handed back"),
                text=Words(
                    "退出运行时 {device} 未能交还:{error}", "{device} could not be handed back on leaving live: {error}"
                ).fill(values),
                advice=Words(
                    "到现场确认其运行方式与功率;通信恢复后再次执行 leyden disarm",
                    "see at the device what it does; when it answers again, run leyden disarm once more",
                ),
            )

    def _may_turn(self) -> None:
        if self.mode.mark == SIMULATED:
            raise RefusedError(_SIMULATED, 409)
        if self._turning:
            raise RefusedError(_TURNING, 409)

    def _keep(self, before: Mode, after: Mode, what: str, by: str, why: str) -> None:
        now = self._clock.now()
        with self._ledger.together():
            self._ledger.actions.add(now, by, what, "site", before.mark, after.mark, why)
            self._ledger.states.save(MODE, after, now)


_SIMULATED = Words(
    "这是孪生仿真站点,没有可投入的真实设备;要接真实设备,请删去 site.toml 中的 [twin]",
    "this site is simulated: there is nothing real to arm; take [twin] out of site.toml to run on real devices",
)
_TURNING = Words("正在切换运行方式,请稍候再试", "the mode is just being changed: try again in a moment")
_NOT_TAKEN = Words(
    "设备接管失败,仍为影子模式:{error}", "the devices could not be taken over, the site stays in shadow: {error}"
)

"""Effect, not echo: whether the equipment does what it was told, by its measured power and by the register read back.

Expected is a band: every power told within the dead time and the time a reading may take, reached as slowly as the
ramp allows. Who is outside it for OFF_S raises an alarm; for STOP_S it is stopped. A stopped one is tried again when it
has been at rest for a while, each time after twice as long, or at once when a person commands it by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf, nan
from typing import ClassVar

from leyden.control.lasting import NEVER, Lasting, lasting
from leyden.control.trace import Trace
from leyden.model.bounds import exactly
from leyden.model.proposal import Proposal, Want
from leyden.model.reason import AlarmReason
from leyden.model.site import Site
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

OFF_S = 5.0
STOP_S = 15.0
READ_S = 2.0
"""How much later than the write a reading may still show what was told before: a poll and a half, and the cycle."""
ECHO_S = 3.0
"""The same for the register, which some devices refresh once in a few seconds."""
REST_S = 60.0
LONGEST_REST_S = 3600.0
SOURCE_RAMP_S = 10.0
"""How long an inverter may take from full power down to a ceiling."""


@dataclass(frozen=True)
class NotFollowing(AlarmReason):
    """Measured power and set-point differ, longer than the ramp explains."""

    target: str
    device: str
    told_w: float
    power_w: float
    sentence = Words(
        "{target}({device})设定 {told_w},实测 {power_w}", "{target} ({device}) was told {told_w} and does {power_w}"
    )
    title = Words("未跟随设定值", "does not follow its set-point")
    advice = Words(
        "检查变流器是否处于远方控制、有无告警或本地限功率",
        "see whether it is under remote control, has a fault of its own, or is limited locally",
    )
    priority = 2


@dataclass(frozen=True)
class StoppedNotFollowing(AlarmReason):
    """It did not follow for so long that it is stopped."""

    target: str
    device: str
    rest_s: float
    sentence = Words(
        "{target}({device})持续未跟随,已停机;静置 {rest_s} 后重试",
        "{target} ({device}) did not follow and is stopped; tried again after {rest_s} at rest",
    )
    title = Words("未跟随,已停机", "stopped: it did not follow")
    advice = Words(
        "查明原因;对其下达手动指令可立即重试",
        "find the cause; a manual command for it tries again at once",
    )
    priority = 1


@dataclass(frozen=True)
class EchoDiffers(AlarmReason):
    """The register read back does not hold what was written."""

    target: str
    device: str
    told_w: float
    echo_w: float
    sentence = Words(
        "{target}({device})写入 {told_w},回读 {echo_w}", "{target} ({device}): wrote {told_w}, reads back {echo_w}"
    )
    title = Words("设定值回读不符", "the set-point reads back differently")
    advice = Words(
        "检查是否另有主站写入该设备,以及点表的比例与符号",
        "see whether another master writes to this device, and the map's scale and sign",
    )
    priority = 2


@dataclass(frozen=True, slots=True)
class Watched:
    """One target: what it was told lately, the band it must be in, how long it has been out of it."""

    told: Trace = field(default_factory=Trace)
    """Set-points at the moments at which they changed."""
    low_w: float = nan
    high_w: float = nan
    off: Lasting = NEVER
    off_since_s: float = inf
    echo: Lasting = NEVER
    at_rest_since_s: float = inf
    fine_since_s: float = inf

    def calm(self, told_w: float, power_w: float, echo_w: float, slack_w: float, until_s: float) -> bool:
        """Whether one more look could change nothing: told the same for long, and doing it."""
        return (
            self.low_w == told_w == self.high_w
            and abs(power_w - told_w) <= slack_w
            and not abs(echo_w - told_w) > slack_w
            and self.told.moments[-1] < until_s
            and self.off is NEVER is self.echo
        )


@dataclass(frozen=True, slots=True)
class Followed:
    """Which targets are stopped is kept over a restart; what they were told is not."""

    stops: Mapping[str, int] = field(default_factory=dict)
    """How often each target has been stopped lately."""
    stopped: frozenset[str] = frozenset()
    watched: Mapping[str, Watched] = field(default_factory=dict, compare=False)
    commands: frozenset[int] = field(default=frozenset(), compare=False)
    """Commands that a stopped target has already seen."""
    elapsed_s: float = field(default=nan, compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """What is watched: a battery's converter, or a solar or wind inverter, which only must not exceed its ceiling."""

    name: str
    device: str
    rated_w: float
    ramp_w_per_s: float
    late_s: float
    source: bool = False

    @property
    def slack_w(self) -> float:
        """How far off is still on."""
        return max(0.05 * self.rated_w, 200.0)


def targets(site: Site) -> Iterator[Target]:
    """Everything that is told a power, in site order."""
    for battery in site.batteries:
        c = battery.converter
        yield Target(battery.name, c.device, c.power_w, c.ramp_w_per_s, c.dead_time_s + READ_S)
    for source in (*site.solar, *site.wind):
        if source.curtail:
            ramp_w_per_s = source.power_w / SOURCE_RAMP_S
            yield Target(source.name, source.device, source.power_w, ramp_w_per_s, READ_S, source=True)


@dataclass(frozen=True)
class Following:
    """Alarms what does not follow, and stops it."""

    site: Site
    name: str = "following"
    label: ClassVar[Words] = Words("跟随监视", "following check")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0
    targets: tuple[Target, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(targets(self.site)))

    def start(self) -> Followed:
        """Nothing is watched or stopped."""
        return Followed()

    def propose(self, snapshot: Snapshot, state: Followed) -> tuple[Proposal, Followed]:
        """Nothing as long as all follow."""
        watch = _Watch(snapshot, state)
        for target in self.targets:
            watch.look(target)
        return tuple(watch.wants), watch.after()

    def summary(self) -> Words:
        """In one line."""
        return Words(
            "实测与设定偏差超过 5 % 达 5 秒告警,15 秒停机",
            "off its set-point by more than 5 % for 5 s is an alarm, for 15 s stops it",
        )


@dataclass(slots=True)
class _Watch:
    """One look at all targets, while it is being taken."""

    snapshot: Snapshot
    before: Followed
    wants: list[Want] = field(default_factory=list)
    watched: dict[str, Watched] = field(default_factory=dict)
    stops: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    elapsed_s: float = 0.0

    def __post_init__(self) -> None:
        self.stops, self.stopped = dict(self.before.stops), set(self.before.stopped)
        self.elapsed_s = self.snapshot.context.elapsed_s

    def after(self) -> Followed:
        commands = frozenset(command.id for command in self.snapshot.context.commands)
        return Followed(self.stops, frozenset(self.stopped), self.watched, commands, self.elapsed_s)

    def look(self, target: Target) -> None:
        told = self.snapshot.context.setpoints.get(target.name)
        power_w, echo_w = _measured(self.snapshot, target)
        if target.name in self.stopped:
            self.stand(target, power_w)
        elif told is not None:
            dt_s = max(0.0, self.elapsed_s - self.before.elapsed_s) if self.before.elapsed_s >= 0.0 else 0.0
            before = self.before.watched.get(target.name, Watched())
            now = _looked(before, target, told.power_w, power_w, echo_w, self.elapsed_s, dt_s)
            self.judge(target, now, told.power_w, power_w, echo_w)

    def judge(self, target: Target, now: Watched, told_w: float, power_w: float, echo_w: float) -> None:
        """Alarms, and the stop; an hour without either wipes the slate."""
        self.watched[target.name] = now
        if self.stops and self.elapsed_s - now.fine_since_s >= LONGEST_REST_S:
            self.stops.pop(target.name, None)
        if self.elapsed_s - now.off_since_s >= STOP_S:
            self.stops[target.name] = self.stops.get(target.name, 0) + 1
            self.stopped.add(target.name)
            self.stand(target, power_w)
            return
        if now.off.standing:
            self.wants.append(Want(target.name, NotFollowing(target.name, target.device, told_w, power_w)))
        if now.echo.standing:
            self.wants.append(Want(target.name, EchoDiffers(target.name, target.device, told_w, echo_w)))

    def stand(self, target: Target, power_w: float) -> None:
        """Stopped, until it has been at rest for long enough or a person wants it again."""
        rest_s = min(REST_S * 2.0 ** (self.stops.get(target.name, 1) - 1), LONGEST_REST_S)
        before = self.before.watched.get(target.name, Watched())
        resting = abs(power_w) <= target.slack_w
        since_s = min(before.at_rest_since_s, self.elapsed_s) if resting else inf
        wanted = any(
            c.target == target.name and c.id not in self.before.commands for c in self.snapshot.context.commands
        )
        if resting and (wanted or self.elapsed_s - since_s >= rest_s):
            self.stopped.discard(target.name)
            return
        self.watched[target.name] = Watched(at_rest_since_s=since_s)
        reason = StoppedNotFollowing(target.name, target.device, rest_s)
        self.wants.append(Want(target.name, reason, power_w=exactly(0.0), stop=True))


def _measured(snapshot: Snapshot, target: Target) -> tuple[float, float]:
    """Measured power and the echo of the set-point, nan unless GOOD."""
    if not target.source:
        converter = snapshot.readings.converter.get(target.name)
        return (nan, nan) if converter is None else (converter.good("power_w"), converter.good("setpoint_w"))
    readings = snapshot.readings
    reading = readings.solar.get(target.name) or readings.wind.get(target.name)
    return (nan, nan) if reading is None else (reading.good("power_w"), reading.good("limit_w"))


def _looked(
    before: Watched, target: Target, told_w: float, power_w: float, echo_w: float, elapsed_s: float, dt_s: float
) -> Watched:
    """The watch after one more look: the band widens at once with what is told, and narrows as fast as the ramp."""
    slack_w = target.slack_w
    if power_w != power_w:
        return Watched()
    if before.calm(told_w, power_w, echo_w, slack_w, elapsed_s - max(target.late_s, ECHO_S)):
        return before
    # At first sight it may be on its way from where it is.
    told = before.told if before.told.powers else Trace((elapsed_s - target.late_s,), (power_w,))
    if told.powers[-1] != told_w:
        told = told.add(elapsed_s, told_w, max(target.late_s, ECHO_S))
    least_w, most_w = told.within(elapsed_s - target.late_s, elapsed_s)
    step_w = target.ramp_w_per_s * dt_s
    low_w = min(least_w, before.low_w + step_w if before.low_w == before.low_w else least_w)
    high_w = max(most_w, before.high_w - step_w if before.high_w == before.high_w else most_w)
    off = power_w > high_w + slack_w or (not target.source and power_w < low_w - slack_w)
    echo_low_w, echo_high_w = told.within(elapsed_s - ECHO_S, elapsed_s)
    differs = echo_w < echo_low_w - slack_w or echo_w > echo_high_w + slack_w
    return Watched(
        told,
        low_w,
        high_w,
        lasting(before.off, off, elapsed_s, OFF_S),
        min(before.off_since_s, elapsed_s) if off else inf,
        lasting(before.echo, differs, elapsed_s, OFF_S),
        fine_since_s=inf if off or differs else min(before.fine_since_s, elapsed_s),
    )

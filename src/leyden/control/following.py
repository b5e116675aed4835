"""Effect, not echo: whether the equipment does what it was told, by its measured power and by the register read back.

Expected is a band: every power told within the dead time and the time a reading may take, reached as slowly as the
ramp allows. Who is outside it for OFF_S raises an alarm; for STOP_S it is stopped. A stopped one is tried again when it
has been at rest for a while, each time after twice as long, or at once when a person commands it by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf, nan
from typing import ClassVar

from msgspec import Struct

from leyden.control.lasting import NEVER, Lasting, lasting
from leyden.control.trace import Trace
from leyden.model.bounds import exactly
from leyden.model.proposal import NOTHING, Fleeting, Proposal, Want
from leyden.model.reason import AlarmReason
from leyden.model.site import Site
from leyden.model.snapshot import Context, Snapshot
from leyden.model.words import Words

OFF_S = 5.0
STOP_S = 15.0
READ_S = 2.0
"""How much later than the write a reading may still show what was told before: a poll and a half, and the cycle. What a
stumble of this computer may look like comes on top, for the register too."""
ECHO_S = 3.0
"""The same for the register, which some devices refresh once in a few seconds."""
REST_S = 60.0
LONGEST_REST_S = 3600.0
SOURCE_RAMP_S = 10.0
"""How long an inverter may take from full power down to a ceiling."""


class NotFollowing(AlarmReason, frozen=True):
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


class StoppedNotFollowing(AlarmReason, frozen=True):
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


class EchoDiffers(AlarmReason, frozen=True):
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


class Watched(Struct, frozen=True):
    """One target: what it was told lately, and how long it has not done it."""

    told: Trace = Trace()
    """Set-points at the moments at which they changed."""
    off: Lasting = NEVER
    echo: Lasting = NEVER
    off_since_s: float = inf
    fine_since_s: float = inf
    at_rest_since_s: float = inf


class Lately(Fleeting, frozen=True):
    """What everybody was told, and did."""

    watched: Mapping[str, Watched] = {}
    commands: frozenset[int] = frozenset()
    """Commands that were in force when something was stopped: only a later one tries again."""


class Followed(Struct, frozen=True):
    """Which targets are stopped is kept over a restart; what they were told is not."""

    stops: Mapping[str, int] = {}
    """How often each target has been stopped lately."""
    stopped: frozenset[str] = frozenset()
    lately: Lately = Lately()


@dataclass(frozen=True, slots=True)
class Target:
    """What is watched: a battery's converter, or a solar or wind inverter, which only must not exceed its ceiling."""

    name: str
    device: str
    rated_w: float
    ramp_w_per_s: float
    late_s: float
    source: bool = False
    slack_w: float = field(init=False)
    """How far off is still on."""
    keep_s: float = field(init=False)
    """After so long a set-point explains nothing any more."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "slack_w", max(0.05 * self.rated_w, 200.0))
        keep_s = self.late_s + 2.0 * self.rated_w / self.ramp_w_per_s
        object.__setattr__(self, "keep_s", max(keep_s, ECHO_S))


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
        context, setpoints = snapshot.context, snapshot.context.setpoints
        lately, watched, wrong = state.lately, dict[str, Watched](), []
        for target in self.targets:
            name = target.name
            told = setpoints.get(name)
            if name in state.stopped:
                wrong.append((target, 0.0, *_measured(snapshot, target)))
                continue
            if told is None or (target.source and told.power_w >= target.rated_w and told.run):
                continue  # nothing to follow, no ceiling to exceed
            power_w, echo_w = _measured(snapshot, target)
            before = lately.watched.get(name, _NEW)
            now = watched[name] = _looked(before, target, told.power_w, power_w, echo_w, context)
            if now.off_since_s < inf or now.off is not NEVER or now.echo is not NEVER or state.stops:
                wrong.append((target, told.power_w, power_w, echo_w))
        if not wrong and not state.stopped:
            return NOTHING, Followed(state.stops, state.stopped, Lately(watched, lately.commands))
        judge = _Judge(snapshot, state, watched)
        for target, told_w, power_w, echo_w in wrong:
            judge.look(target, told_w, power_w, echo_w)
        return tuple(judge.wants), judge.after()

    def summary(self) -> Words:
        """In one line."""
        return Words(
            "实测与设定偏差超过 5 % 达 5 秒告警,15 秒停机",
            "off its set-point by more than 5 % for 5 s is an alarm, for 15 s stops it",
        )


_NEW = Watched()


@dataclass(slots=True)
class _Judge:
    """What becomes of those that do not follow."""

    snapshot: Snapshot
    before: Followed
    watched: dict[str, Watched]
    wants: list[Want] = field(default_factory=list)
    stops: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    commands: frozenset[int] = frozenset()
    elapsed_s: float = 0.0

    def __post_init__(self) -> None:
        self.stops, self.stopped = dict(self.before.stops), set(self.before.stopped)
        self.commands, self.elapsed_s = self.before.lately.commands, self.snapshot.context.elapsed_s

    def after(self) -> Followed:
        return Followed(self.stops, frozenset(self.stopped), Lately(self.watched, self.commands))

    def look(self, target: Target, told_w: float, power_w: float, echo_w: float) -> None:
        """Alarms, and the stop; an hour without either wipes the slate."""
        if target.name in self.stopped:
            self.stand(target, power_w)
            return
        now = self.watched[target.name]
        if self.elapsed_s - now.fine_since_s >= LONGEST_REST_S:
            self.stops.pop(target.name, None)
        if self.elapsed_s - now.off_since_s >= STOP_S:
            self.stops[target.name] = self.stops.get(target.name, 0) + 1
            self.stopped.add(target.name)
            self.commands |= {command.id for command in self.snapshot.context.commands}
            self.stand(target, power_w)
            return
        if now.off.standing:
            self.wants.append(Want(target.name, NotFollowing(target.name, target.device, told_w, power_w)))
        if now.echo.standing:
            self.wants.append(Want(target.name, EchoDiffers(target.name, target.device, told_w, echo_w)))

    def stand(self, target: Target, power_w: float) -> None:
        """Stopped, until it has been at rest for long enough or a person wants it again."""
        rest_s = min(REST_S * 2.0 ** (self.stops.get(target.name, 1) - 1), LONGEST_REST_S)
        resting = abs(power_w) <= target.slack_w
        before = self.before.lately.watched.get(target.name, _NEW)
        since_s = min(before.at_rest_since_s, self.elapsed_s) if resting else inf
        commands = self.snapshot.context.commands
        wanted = any(c.target == target.name and c.id not in self.commands for c in commands)
        if resting and (wanted or self.elapsed_s - since_s >= rest_s):
            self.stopped.discard(target.name)
            self.watched.pop(target.name, None)
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


def _looked(before: Watched, target: Target, told_w: float, power_w: float, echo_w: float, context: Context) -> Watched:
    """The watch after one more look; quick where the target does what it is told."""
    if power_w != power_w:
        return _NEW
    elapsed_s, stumble_s = context.elapsed_s, context.stumble_s
    # At first sight it may be on its way from where it is.
    told = before.told if before.told.powers else Trace((elapsed_s - target.late_s,), (power_w,))
    if told.powers[-1] != told_w:
        told = told.add(elapsed_s, told_w, target.keep_s + stumble_s)
    slack_w = target.slack_w
    on = (target.source or power_w >= told_w - slack_w) and power_w <= told_w + slack_w
    if on and not abs(echo_w - told_w) > slack_w and before.off is NEVER is before.echo and before.fine_since_s < inf:
        return before if told is before.told else Watched(told, fine_since_s=before.fine_since_s)
    low_w, high_w = _band(told, target, elapsed_s - stumble_s)
    off = power_w > high_w + slack_w or (not target.source and power_w < low_w - slack_w)
    echo_low_w, echo_high_w = told.within(elapsed_s - ECHO_S - stumble_s, elapsed_s)
    differs = echo_w < echo_low_w - slack_w or echo_w > echo_high_w + slack_w
    return Watched(
        told,
        lasting(before.off, off, elapsed_s, OFF_S),
        lasting(before.echo, differs, elapsed_s, OFF_S),
        min(before.off_since_s, elapsed_s) if off else inf,
        inf if off or differs else min(before.fine_since_s, elapsed_s),
    )


def _band(told: Trace, target: Target, seen_s: float) -> tuple[float, float]:
    """Between which powers it may be: each that was told, until it is `late_s` past, then nearer with the ramp."""
    low_w = high_w = told.powers[-1]
    for power_w, end_s in zip(told.powers, told.moments[1:], strict=False):
        come_w = target.ramp_w_per_s * max(0.0, seen_s - target.late_s - end_s)
        low_w = min(low_w, power_w + come_w)
        high_w = max(high_w, power_w - come_w)
    return low_w, high_w

"""What a device is to be told, and which of it really needs to be sent. Pure: no clock, no wire."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leyden.devices.map import COMMANDS, GUARDED, rests
from leyden.devices.rival import Rival

Echo = Callable[[str], tuple[float, float]]
"""A written point's name -> what the device says is in force, and when it said so (nan, -inf where it does not)."""

FEEDS = 2
"""How many times a watchdog is fed in its time, so that it survives one that is lost."""
_REVERTS = 0.9
"""From this share of its time on a watchdog may have run out: a device's clock is not ours."""
_TRIES, _PAUSE_S = 3, 10.0
"""What a device does not hold is sent again at once so often, and then only now and then."""
_LONGEST_PAUSE_S, _LONGEST_REST_PAUSE_S = 1800.0, 60.0
"""The same for what it stores: each time twice as long; a stop is more urgent than its memory."""


_UNTRIED = (math.nan, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a point is written."""

    volatile: bool = True
    dead_band: float = 0.0
    ends: bool = False
    """Whether each write carries its own end."""


class Outbox:
    """One role's mailbox: the newest wish wins, and an old wish is not delivered."""

    def __init__(self, watchdog_s: float | None, fresh_s: float) -> None:
        """`watchdog_s` is the time after which the device falls back by itself; wishes older than `fresh_s` are
        dropped, for nobody may stand behind them now.
        """
        self._watchdog_s = watchdog_s
        self._fresh_s = fresh_s
        self._terms: Mapping[str, Terms] = {}
        self._wanted: Mapping[str, float] = {}
        self._wanted_s = 0.0
        self._taken = True
        self._sent: dict[str, tuple[float, float]] = {}
        self._tries: dict[str, tuple[float, int, float]] = {}
        """The value of a point that was not held, how often in a row, and when that was found out."""
        self._fed_s: float | None = None
        self._rested: set[str] = set()
        self.rivals: dict[str, Rival] = {name: Rival() for name in COMMANDS}
        """Who else writes a command."""

    def open(self, terms: Mapping[str, Terms]) -> None:
        """A new connection, with the points to write; what it does not store the device may have forgotten."""
        self._terms = terms
        self._sent = {name: sent for name, sent in self._sent.items() if name in terms and not terms[name].volatile}
        self._tries.clear()
        self._fed_s = None
        for rival in self.rivals.values():
            rival.reconnected()

    def want(self, values: Mapping[str, float], now_s: float) -> None:
        """The newest wish. Only wishes feed the watchdog: a driver that lives while control is dead must not."""
        self._wanted = values
        self._wanted_s = now_s
        self._taken = False

    def clear(self) -> None:
        """Control ends, or begins anew: nothing is wanted, nothing is held against anybody."""
        self._wanted, self._taken = {}, True
        self._sent.clear()
        self._rested.clear()
        for name in self.rivals:
            self.rivals[name] = Rival()

    def known(self, name: str, value: float, now_s: float) -> None:
        """What is in force already need not be sent."""
        self._sent[name] = (value, now_s)

    def take(
        self, now_s: float, echo: Echo, resolution: Callable[[str], float], full: float = math.inf
    ) -> list[tuple[str, float]]:
        """What to send now, in order; at most once for each wish, so that a refusal is not repeated at once.

        A limit of `full` or more is none, and sent as inf.
        """
        if self._taken or now_s - self._wanted_s > self._fresh_s:
            return []
        self._taken = True
        wanted = {name: value for name, value in self._wanted.items() if name in self._terms}
        if wanted.get("limit_w", -math.inf) >= full:
            wanted["limit_w"] = math.inf
        self._rested = {name for name in self._rested if rests(name, wanted.get(name, 0.0))}
        now = _Now(now_s, echo, resolution, full, self._hungry(now_s), wanted.get("run") == 0.0)
        for name in self._sent.keys() & self.rivals.keys():
            self._look(name, wanted, now)
        values = [(name, value) for name, value in wanted.items() if self._due(name, value, now)]
        values.sort(key=_turn)
        if "watchdog_s" in self._terms and now.hungry and any(self._fed(name, wanted, now) for name in GUARDED):
            return [("watchdog_s", self._watchdog_s or 0.0), *values]
        return values

    def sent(self, name: str, value: float, now_s: float) -> None:
        """The device has taken it; `now_s` is when it was sent, from which its watchdog counts at the earliest."""
        self._sent[name] = (value, now_s)
        terms = self._terms.get(name)
        if name == "watchdog_s" or (terms is not None and terms.ends and name in GUARDED):
            self._fed_s = now_s
        if rests(name, value):
            self._rested.add(name)

    def proven(self, name: str, held: float, now_s: float) -> None:
        """It was read back by now, and its register holds it."""
        self._tries.pop(name, None)
        if name in self.rivals:
            self.rivals[name].told(held, now_s, took=True)

    def missed(self, name: str, value: float, now_s: float) -> None:
        """The device did not take it, or does not hold it: send it again with a later wish."""
        self._sent.pop(name, None)
        before, tries, _ = self._tries.get(name, _UNTRIED)
        self._tries[name] = (value, tries + 1 if value == before else 1, now_s)
        if name == "watchdog_s":
            self._fed_s = None

    def forgive(self, name: str) -> None:
        """A person says that this point is ours: it is sent with the next wish."""
        self.rivals[name].forgive()
        self._sent.pop(name, None)
        self._tries.pop(name, None)

    def _hungry(self, now_s: float) -> bool:
        return self._watchdog_s is not None and (self._fed_s is None or now_s - self._fed_s >= self._watchdog_s / FEEDS)

    def _yields(self, name: str, now: "_Now") -> bool:
        """Whether somebody else holds this point, and we do not fight; a stop yields to nobody."""
        return name in self.rivals and self.rivals[name].value is not None and not now.stop

    def _fed(self, name: str, wanted: Mapping[str, float], now: "_Now") -> bool:
        """Whether this is a command that we stand behind, and a watchdog is to guard it."""
        return math.isfinite(wanted.get(name, math.inf)) and not self._yields(name, now)

    def _look(self, name: str, wanted: Mapping[str, float], now: "_Now") -> None:
        """Hold what the device says against what it was told."""
        rival, (told, told_s), (said, said_s) = self.rivals[name], self._sent[name], now.echo(name)
        step = now.resolution(name)
        if rival.value is not None:
            rival.wait(now.held(wanted.get(name, told)), said, said_s, step)
            return
        since_s = told_s if self._terms[name].ends else self._fed_s
        watched = self._watchdog_s is not None and since_s is not None
        rival.look(said, said_s, step, watched and said_s - (since_s or 0.0) >= _REVERTS * (self._watchdog_s or 0.0))

    def _due(self, name: str, value: float, now: "_Now") -> bool:
        """Whether a point is to be sent."""
        terms, resting, step = self._terms[name], rests(name, value), now.resolution(name)
        if self._yields(name, now):
            return resting and name not in self._rested
        if now.hungry and terms.volatile and math.isfinite(value) and self._repeated(name, terms, resting):
            return True
        if name not in self._sent:
            return self._may_try(name, value, now.now_s)
        last, sent_s = self._sent[name]
        if value != last and not abs(value - last) <= (step / 2 if resting else max(step / 2, terms.dead_band)):
            return True
        if name in self.rivals and self.rivals[name].doubted:
            return False  # look once more
        said, said_s = now.echo(name)
        if said_s < sent_s or not math.isfinite(last) or abs(said - last) <= step:
            return False  # who wants no limit does not care which one is written down
        return self._may_try(name, value, now.now_s)

    def _repeated(self, name: str, terms: Terms, resting: bool) -> bool:
        """Whether a point is sent again with every feed; a command at rest needs no end."""
        return (name in GUARDED and "watchdog_s" in self._terms) or (terms.ends and not resting)

    def _may_try(self, name: str, value: float, now_s: float) -> bool:
        """Whether it is time to try again what was not held."""
        failed, tries, failed_s = self._tries.get(name, _UNTRIED)
        if value != failed:
            return True
        resting = rests(name, value)
        if self._terms[name].volatile:
            pause_s = 0.0 if resting or tries <= _TRIES else _PAUSE_S
        else:
            pause_s = min(2.0 ** (tries - 1), _LONGEST_REST_PAUSE_S if resting else _LONGEST_PAUSE_S)
        return now_s - failed_s >= pause_s


@dataclass(frozen=True, slots=True)
class _Now:
    """What one look at the mailbox is made with."""

    now_s: float
    echo: Echo
    resolution: Callable[[str], float]
    full: float
    hungry: bool
    """Whether the watchdog is due."""
    stop: bool
    """Whether the device is to stop."""

    def held(self, value: float) -> float:
        """What a register holds for a value: full power where a limit is taken away."""
        return value if math.isfinite(value) else self.full


def _turn(entry: tuple[str, float]) -> int:
    """Start before the set-point, stop after it."""
    name, value = entry
    return 0 if name != "run" else -1 if value else 1

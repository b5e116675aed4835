"""What a device is to be told, and which of it really needs to be sent. Pure: no clock, no wire."""

from collections.abc import Callable, Collection, Mapping

Echo = Callable[[str], tuple[float, float]]
"""A written point's name -> what the device says is in force, and when it said so (nan, -inf where it does not)."""

POWER_POINTS = ("setpoint_w", "limit_w")
"""The written point that a watchdog guards: it is written again with every feed."""

_FEEDS = 3
"""How many times a watchdog is fed in its time, so that it survives two that are lost."""


class Outbox:
    """One role's mailbox: the newest wish wins, and an old wish is not delivered."""

    def __init__(self, points: Collection[str], watchdog_s: float | None, fresh_s: float) -> None:
        """`points` can be written; wishes older than `fresh_s` are dropped, for nobody may stand behind them now."""
        self._points = points
        self._watchdog_s = watchdog_s if "watchdog_s" in points else None
        self._fresh_s = fresh_s
        self._wanted: Mapping[str, float] = {}
        self._wanted_s = 0.0
        self._taken = True
        self._sent: dict[str, tuple[float, float]] = {}
        self._fed_s: float | None = None

        self.used = False
        """Whether anything was sent since the connection was made."""

    def want(self, values: Mapping[str, float], now_s: float) -> None:
        """The newest wish. Only wishes feed the watchdog: a driver that lives while control is dead must not."""
        self._wanted = {name: value for name, value in values.items() if name in self._points}
        self._wanted_s = now_s
        self._taken = False

    def take(self, now_s: float, echo: Echo, resolution: Callable[[str], float]) -> list[tuple[str, float]]:
        """What to send now, in order; at most once for each wish, so that a refusal is not repeated at once."""
        if self._taken or now_s - self._wanted_s > self._fresh_s:
            return []
        self._taken = True
        feed = self._watchdog_s is not None and (
            self._fed_s is None or now_s - self._fed_s >= self._watchdog_s / _FEEDS
        )
        values = [
            (name, value)
            for name, value in self._wanted.items()
            if (feed and name in POWER_POINTS) or self._differs(name, value, echo, resolution)
        ]
        values.sort(key=_turn)
        return [("watchdog_s", self._watchdog_s or 0.0), *values] if feed else values

    def sent(self, name: str, value: float, now_s: float) -> None:
        """The device has taken it."""
        self.used = True
        self._sent[name] = (value, now_s)
        if name == "watchdog_s":
            self._fed_s = now_s

    def missed(self, name: str) -> None:
        """The device did not hold it: send it again with the next wish."""
        self._sent.pop(name, None)
        if name == "watchdog_s":
            self._fed_s = None

    def reset(self) -> None:
        """A new connection: the device may have restarted and forgotten everything."""
        self.used = False
        self._sent.clear()
        self._fed_s = None

    def _differs(self, name: str, value: float, echo: Echo, resolution: Callable[[str], float]) -> bool:
        if name not in self._sent:
            return True
        last, sent_s = self._sent[name]
        step = resolution(name)
        if abs(value - last) > step / 2:
            return True
        said, said_s = echo(name)
        return said_s >= sent_s and not abs(said - value) <= step


def _turn(entry: tuple[str, float]) -> int:
    """Start before the set-point, stop after it."""
    name, value = entry
    return 0 if name != "run" else -1 if value else 1

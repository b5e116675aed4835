"""Telling people: the rules of `leyden.alarms.notices` once a second, and a task for each way of telling.

The cycle only leaves here which alarms began. What is to be sent is in the ledger before it is sent, and taken out when
it was taken; so what could not be sent goes on after a restart, and nothing is sent twice. A kill between answer and
ledger would send one message again: under the same id, so that who receives it can know.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, Protocol

from leyden.alarms import Alarm, AlarmBook, AlarmChange, ChangeKind
from leyden.alarms.notices import Known, Look, Message, look, restored
from leyden.alarms.outbox import BUSY, Letter, Outbox, current, delivered, next_for, pause_s, posted, refused
from leyden.model.clock import Clock
from leyden.model.condition import Condition
from leyden.model.site import Site
from leyden.model.words import Words
from leyden.runtime.broker import Broker
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.notify_options import MqttOptions, NotifyOptions, WebhookOptions
from leyden.runtime.notify_text import About
from leyden.runtime.secret_store import SecretError, SecretStore
from leyden.runtime.webhook import DeliveryError, Webhook

LOOK_S = 1.0
KEPT = "notify"
"""Under which name the ledger keeps what is known and what waits."""
PATIENCE_S = 20.0
"""For how long a channel may fail before that is an alarm."""
FIRST_BEAT_S = 5.0
"""After the start: brokers are connected by then."""
DEAD_S = 10.0
"""A cycle that has not turned for so long, or for five periods, has no heart that could beat."""
_LOG = logging.getLogger(__name__)
_STANDS_ANEW = frozenset({ChangeKind.RAISED, ChangeKind.RETURNED, ChangeKind.ESCALATED})


class Channel(Protocol):
    """A way of telling."""

    @property
    def name(self) -> str:
        """How the site file calls it."""
        ...

    @property
    def options(self) -> WebhookOptions | MqttOptions:
        """What the site file says of it."""
        ...

    async def run(self) -> None:
        """What has to go on between two messages."""
        ...

    async def send(self, message: Message, about: About) -> None:
        """Deliver one message. Raises DeliveryError or SecretError."""
        ...

    async def beat(self, document: dict[str, Any]) -> None:
        """Deliver one heartbeat. Raises DeliveryError or SecretError."""
        ...


class States(Protocol):
    """Where the ledger keeps states."""

    def save(self, name: str, state: object, time: datetime) -> bool:
        """Keep one. Raises OSError."""
        ...

    def load(self, name: str, kind: type["Kept"]) -> "Kept | None":
        """What was kept last."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlives a restart."""

    known: Known = field(default_factory=Known)
    outbox: Outbox = field(default_factory=Outbox)


@dataclass(slots=True)
class Health:
    """How a channel fares."""

    failures: int = 0
    since_s: float = 0.0
    why: Words | None = None


def channels_of(options: NotifyOptions, secrets: SecretStore, site: str, present: bool = True) -> list[Channel]:
    """The ways of telling that a site file names."""
    hooks: list[Channel] = [Webhook(name, hook, secrets) for name, hook in options.webhook.items()]
    return hooks + [Broker(name, mqtt, secrets, site, present) for name, mqtt in options.mqtt.items()]


class Notifier:
    """Tells what the alarm book holds; `run` beside the cycle."""

    def __init__(
        self,
        site: Site,
        options: NotifyOptions,
        channels: Sequence[Channel],
        alarms: AlarmBook,
        states: States,
        clock: Clock,
        mark: Callable[[], str],
    ) -> None:
        self.health = {channel.name: Health() for channel in channels}
        self._site, self._options, self._channels = site, options, channels
        self._alarms, self._states, self._clock, self._mark = alarms, states, clock, mark
        self._told = [channel.name for channel in channels if channel.options.alarms]
        kept = states.load(KEPT, Kept) or Kept()
        self._known = restored(kept.known, monotonic())
        self._outbox = current(kept.outbox, self._told, clock.now())
        self._kept: Kept | None = None
        self._passed: list[Alarm] = []
        self._lock = threading.Lock()
        self._beat_s = monotonic()
        self._beats = 0
        self._posted = {channel.name: asyncio.Event() for channel in channels}
        self._saving = asyncio.Lock()
        self._writing = threading.Lock()
        self._ended = False
        alarms.listen(self._note)

    def _note(self, changes: Sequence[AlarmChange]) -> None:
        """From the cycle: what began to stand is looked at soon, even if it is gone by then."""
        with self._lock:
            self._passed += [change.alarm for change in changes if change.kind in _STANDS_ANEW]

    def alive(self, moment: object = None) -> None:
        """From the cycle: it has turned."""
        self._beat_s = monotonic()

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._outbox.letters)

    def conditions(self) -> Iterator[Condition]:
        """Ways of telling that have failed for a while: an alarm that is not sent, but shown."""
        for name, health in self.health.items():
            if health.failures >= BUSY and monotonic() - health.since_s >= PATIENCE_S and health.why is not None:
                yield _failing(name, health.why, self.waiting)

    async def run(self) -> None:
        """For ever; ends what it has begun when it is cancelled."""
        work = [self._look_for_ever()]
        for channel in self._channels:
            work += [self._guarded(channel.run), self._guarded(partial(self._deliver, channel))]
            if channel.options.heartbeat_s is not None:
                work.append(self._guarded(partial(self._beat, channel)))
        try:
            await asyncio.gather(*work)
        finally:
            # The end is on purpose: what was taken a moment ago must not be sent again at the next start.
            with suppress(OSError):
                self._save(Kept(self._known, self._outbox), last=True)

    async def _guarded(self, work: Callable[[], Any]) -> None:
        """Nothing that goes wrong with telling may end a site."""
        while True:
            try:
                await work()
                return
            except Exception:
                _LOG.exception("telling people: begun again")
                await asyncio.sleep(pause_s(10))

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # whatever it is, the next look comes
                _LOG.exception("telling people")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """One look at the alarms: what is to be told is kept, and handed to those who deliver it."""
        with self._lock:
            passed, self._passed = self._passed, []
        time = self._clock.now()
        standing = [alarm for alarm in self._alarms.active() if alarm.standing]
        at = Look(standing, passed, monotonic(), time, self._quiet(time), self._options.priority)
        self._known, messages = look(self._known, at, f"{self._site.id}-{int(time.timestamp())}")
        for message in messages:
            _LOG.info("P%d %s %s: %s", message.priority, message.kind, message.cause, message.title.en)
        outbox = current(self._outbox, self._told, time)
        self._outbox = posted(outbox, messages, self._told)
        await self._keep()
        if self._outbox.letters:
            for event in self._posted.values():
                event.set()

    def _quiet(self, time: datetime) -> bool:
        window = self._options.quiet
        local = time.astimezone(self._site.zone)
        return window is not None and window.holds(60 * local.hour + local.minute, local.weekday(), ())

    async def _keep(self) -> None:
        """Into the ledger, if anything changed; one that cannot be written has an alarm of its own."""
        async with self._saving:
            kept = Kept(self._known, self._outbox)
            if kept == self._kept:
                return
            with suppress(OSError):
                await asyncio.to_thread(self._save, kept)
                self._kept = kept

    def _save(self, kept: Kept, last: bool = False) -> None:
        """From any thread: a cancelled task's write goes on in its thread, and must not come after the last one."""
        with self._writing:
            if not self._ended:
                self._ended = last
                self._states.save(KEPT, kept, self._clock.now())

    async def _deliver(self, channel: Channel) -> None:
        """What waits for a channel, one letter after another, with growing patience while it fails."""
        health = self.health[channel.name]
        while True:
            letter = next_for(self._outbox, channel.name)
            if letter is None:
                self._posted[channel.name].clear()
                await self._posted[channel.name].wait()
                continue
            if not await self._attempt(channel, letter):
                await asyncio.sleep(pause_s(health.failures))
            await self._keep()

    async def _attempt(self, channel: Channel, letter: Letter) -> bool:
        """Whether a letter was taken; one that is refused again and again is given up."""
        message, mine = letter.message, (letter.message.id, channel.name)
        try:
            await channel.send(message, self._about())
        except (DeliveryError, SecretError) as error:
            self._fails(channel, error.words)
            if isinstance(error, DeliveryError) and error.refused:
                self._outbox = refused(self._outbox, *mine)
            return False
        self._well(channel)
        self._outbox = delivered(self._outbox, *mine)
        _LOG.info("%s was told: %s", channel.name, message.id)
        return True

    async def _beat(self, channel: Channel) -> None:
        """While the cycle turns, at every interval; one that is missed is not made up for."""
        every_s = channel.options.heartbeat_s
        assert every_s is not None
        await asyncio.sleep(min(every_s, FIRST_BEAT_S))
        while True:
            if monotonic() - self._beat_s <= max(DEAD_S, 5.0 * self._site.period_s):
                try:
                    await channel.beat(self._heartbeat())
                except (DeliveryError, SecretError) as error:
                    self._fails(channel, error.words)
                else:
                    self._well(channel)
            await asyncio.sleep(every_s)

    def _heartbeat(self) -> dict[str, Any]:
        self._beats += 1
        standing = [alarm.condition.priority for alarm in self._alarms.active() if alarm.standing]
        time = self._clock.now()
        return {
            "kind": "heartbeat",
            "id": f"{self._site.id}-{int(time.timestamp())}-beat-{self._beats}",
            "site": {"id": self._site.id, "name": words_json(self._site.name)},
            "mode": self._mark(),
            "time": time_json(time),
            "alarms": {f"p{priority}": standing.count(priority) for priority in (1, 2, 3)},
            "waiting": self.waiting,
        }

    def _about(self) -> About:
        return About(self._site.id, self._site.name, self._mark(), self._options.link)

    def _fails(self, channel: Channel, why: Words) -> None:
        health = self.health[channel.name]
        if health.failures == 0:
            health.since_s = monotonic()
            _LOG.warning("%s cannot be told: %s", channel.name, why.en)
        health.failures += 1
        health.why = why

    def _well(self, channel: Channel) -> None:
        health = self.health[channel.name]
        if health.failures:
            _LOG.info("%s can be told again", channel.name)
        health.failures, health.why = 0, None


def _failing(name: str, why: Words, waiting: int) -> Condition:
    values: Mapping[str, object] = {"name": name, "why": why, "waiting": waiting}
    return Condition(
        key=f"notify-failing:{name}",
        source=name,
        priority=3,
        title=Words("告警消息无法送达", "people cannot be told of alarms"),
        text=Words("{name}:{why};待发 {waiting} 条", "{name}: {why}; {waiting} waiting").fill(values),
        advice=Words(
            "检查网络与通知设置:leyden notify test;恢复后自动补发",
            "check the network and [notify]: leyden notify test; what waits is sent by itself when it works again",
        ),
    )

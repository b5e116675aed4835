"""People are told, over real sockets: once, whatever fails in between, and nobody waits for those who do not answer."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import pytest

from leyden.alarms import AlarmBook
from leyden.history import Ledger
from leyden.history.ledger.states import States
from leyden.model.condition import Condition
from leyden.model.secret import Secret
from leyden.runtime import notify
from leyden.runtime.broker import Broker
from leyden.runtime.clock import WallClock
from leyden.runtime.config import load_config
from leyden.runtime.notify import Notifier, channels_of
from leyden.runtime.notify_options import MqttOptions, NotifyOptions, WebhookOptions
from leyden.runtime.notify_text import About
from leyden.runtime.secret_store import SecretStore
from leyden.runtime.webhook import DeliveryError, Webhook
from tests.alarms.test_causes import condition
from tests.runtime.ears import broker, hook, listening
from tests.whole.park import SITES, free_ports

PARK = load_config(SITES / "park.toml").site
PATIENCE_S = 90.0


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """The rules' own times are tested without a clock; here they only have to pass."""
    for name, value in {"GATHER_S": 0.0, "SETTLE_S": 0.0}.items():
        monkeypatch.setattr(f"leyden.alarms.notices.{name}", value)
    monkeypatch.setattr(notify, "LOOK_S", 0.02)
    monkeypatch.setattr(notify, "pause_s", lambda failures: 0.02)
    monkeypatch.setattr(notify, "PATIENCE_S", 0.0)


@dataclass
class Telling:
    """A book whose alarms are told."""

    book: AlarmBook
    notifier: Notifier
    conditions: list[Condition] = field(default_factory=list)

    def set(self, *conditions: Condition) -> None:
        """What stands from now on."""
        self.conditions = list(conditions)
        self.book.update(conditions, datetime.now(UTC))

    async def until(self, true: Callable[[], object], why: str) -> None:
        """Wait for it while the alarms stand as they do."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + PATIENCE_S
        while not true():
            assert loop.time() < end_s, why
            await asyncio.sleep(0.01)


@asynccontextmanager
async def telling(
    folder: Path, options: NotifyOptions, environment: dict[str, str] | None = None
) -> AsyncIterator[Telling]:
    """From a start to an end, over the ledger in a folder."""
    ledger = Ledger(folder)
    book = AlarmBook(ledger.alarms)
    secrets = SecretStore(folder, environment or {})
    channels = channels_of(options, secrets, PARK.id)
    notifier = Notifier(PARK, options, channels, book, ledger.states, WallClock(), lambda: "LIVE")
    running = asyncio.create_task(notifier.run())
    try:
        yield Telling(book, notifier)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        ledger.close()


def hooked(url: str, **options) -> NotifyOptions:
    return NotifyOptions(webhook={"ops": WebhookOptions(Secret(text=url), **options)}, link="http://room")


async def test_an_alarm_and_its_end_are_told_in_both_languages(tmp_path):
    with hook() as ops:
        async with telling(tmp_path, hooked(ops.url)) as site:
            site.set(condition("device-silent:gate", 1), condition("plan-failing", 3))
            await site.until(lambda: len(ops.got) == 1, "the alarm was not told")
            site.set()
            await site.until(lambda: len(ops.got) == 2, "its end was not told")
    assert ops.told == [("raised", "device-silent:gate"), ("recovered", "device-silent:gate")]
    first = ops.got[0]
    assert first["site"] == {"id": "park", "name": {"zh": "五通园区", "en": "Wutong Park"}}
    assert (first["priority"], first["mode"], first["source"], first["link"]) == (1, "LIVE", "gate", "http://room")
    assert first["advice"] == {"zh": "查", "en": "look"}
    assert datetime.fromisoformat(first["since"]).tzinfo is not None
    assert ops.headers[0]["Idempotency-Key"] == first["id"] != ops.got[1]["id"]


@pytest.mark.parametrize(
    ("form", "text_of", "refusal"),
    [
        ("dingtalk", lambda body: body["text"]["content"], {"errcode": 310000}),
        ("wecom", lambda body: body["text"]["content"], {"errcode": 93000}),
        ("feishu", lambda body: body["content"]["text"], {"code": 9499}),
        ("slack", lambda body: body["text"], None),
    ],
)
async def test_robots_are_given_a_text_and_may_refuse_it_with_200(tmp_path, form, text_of, refusal):
    with hook() as robot:
        channel = Webhook("robot", WebhookOptions(Secret(text=robot.url), form=form), SecretStore(tmp_path, {}))
        notifier_about = About("park", PARK.name, "SHADOW", "http://room")
        message = _message()
        await channel.send(message, notifier_about)
        text = text_of(robot.got[0])
        assert text.startswith("[SHADOW] 五通园区 · P1 告警: device-silent")
        assert "[SHADOW] Wutong Park · P1 alarm: device-silent" in text
        assert text.endswith("http://room")
        if refusal is not None:
            robot.answer = refusal
            with pytest.raises(DeliveryError) as refused:
                await channel.send(message, notifier_about)
            assert refused.value.refused


async def test_what_could_not_be_sent_is_sent_after_a_restart_and_not_twice(tmp_path):
    # Taken, and nobody listens: no other test's server may come to be there.
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    taken.shutdown(socket.SHUT_RDWR)
    options = hooked(f"http://127.0.0.1:{port}/hook")
    async with telling(tmp_path, options) as site:
        site.set(condition("meter-lost:gate", 1))
        await site.until(lambda: site.notifier.health["ops"].failures >= 3, "nobody was there, and that went unnoticed")
        failing = list(site.notifier.conditions())
        assert [(c.key, c.priority) for c in failing] == [("notify-failing:ops", 3)]
        # An alarm about messages is none that is sent.
        site.set(condition("meter-lost:gate", 1), *failing)
        await asyncio.sleep(0.1)
        assert site.notifier.waiting == 1
    taken.close()
    with hook(port) as ops:
        async with telling(tmp_path, options) as site:
            await site.until(lambda: ops.got and not site.notifier.waiting, "it was not sent after the restart")
            assert list(site.notifier.conditions()) == []
        async with telling(tmp_path, options) as site:
            site.set(condition("meter-lost:gate", 1), condition("clock-jumped", 2))
            await site.until(lambda: len(ops.got) == 2, "the next alarm was not told")
    assert ops.told == [("raised", "meter-lost:gate"), ("raised", "clock-jumped")]


async def test_a_write_that_the_end_overtakes_does_not_come_after_it(tmp_path):
    ledger = Ledger(tmp_path)
    slow = _SlowFromThreads(ledger.states)
    with hook() as ops:
        options = hooked(ops.url)
        book = AlarmBook(ledger.alarms)
        channels = channels_of(options, SecretStore(tmp_path, {}), PARK.id)
        notifier = Notifier(PARK, options, channels, book, slow, WallClock(), lambda: "LIVE")
        site = Telling(book, notifier)
        running = asyncio.create_task(notifier.run())
        site.set(condition("meter-lost:gate", 1))
        await site.until(lambda: ops.got and not notifier.waiting, "it was not told")
        assert slow.writing, "the state in which it waits is still being written"
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await site.until(lambda: not slow.writing, "the write did not end")
    kept = ledger.states.load(notify.KEPT, notify.Kept)
    ledger.close()
    assert kept is not None
    assert kept.outbox.letters == ()


class _SlowFromThreads:
    """A disk that takes its time, wherever nobody waits for it."""

    def __init__(self, states: States) -> None:
        self._states = states
        self.writing = 0

    def save(self, name, state, time) -> bool:
        if threading.current_thread() is threading.main_thread():
            return self._states.save(name, state, time)
        self.writing += 1
        sleep(0.5)
        saved = self._states.save(name, state, time)
        self.writing -= 1
        return saved

    def load(self, name, kind):
        return self._states.load(name, kind)


async def test_one_that_does_not_answer_holds_up_neither_the_cycle_nor_the_others(tmp_path):
    with hook() as hangs, hook() as ops:
        hangs.status = None
        options = NotifyOptions(
            webhook={"hangs": WebhookOptions(Secret(text=hangs.url)), "ops": WebhookOptions(Secret(text=ops.url))}
        )
        async with telling(tmp_path, options) as site:
            turns = 0
            for number in range(5):
                site.set(*(condition(f"device-silent:d{n}", 1) for n in range(number + 1)))
                while len(ops.got) <= number:
                    site.notifier.alive()
                    turns += 1
                    await asyncio.sleep(0)
            assert hangs.asked == 1  # still waiting for its first answer
            assert turns > 5
    assert [cause for kind, cause in ops.told if kind == "raised"] == [f"device-silent:d{n}" for n in range(5)]


async def test_a_busy_one_is_asked_again_and_one_that_refuses_is_left_alone(tmp_path):
    with hook() as ops:
        ops.status = 503
        async with telling(tmp_path, hooked(ops.url)) as site:
            site.set(condition("a:1", 1))
            await site.until(lambda: ops.asked > 8, "it was not asked again")
            ops.status = 200
            await site.until(lambda: ops.got, "it was not told when it was there again")
            ops.status, ops.asked = 400, 0
            site.set(condition("a:1", 1), condition("b:2", 1))
            await site.until(lambda: ops.asked and not site.notifier.waiting, "what is refused stays for ever")
            assert ops.asked == 5
            ops.status = 200
            site.set(condition("a:1", 1), condition("b:2", 1), condition("c:3", 1))
            await site.until(lambda: len(ops.got) == 2, "the next one was not told")
    assert [cause for _, cause in ops.told] == ["a:1", "c:3"]


async def test_secrets_come_from_their_places_and_are_told_to_nobody(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "s3cr3t-of-the-hook"
    kept = tmp_path / "secrets.toml"
    kept.write_text(f'token = "{secret}-token"\n')
    kept.chmod(0o600)
    with hook() as ops:
        options = NotifyOptions(webhook={"ops": WebhookOptions(Secret(env="HOOK"), token=Secret(secret="token"))})
        environment = {"HOOK": f"{ops.url}?access_token={secret}"}
        async with telling(tmp_path, options, environment) as site:
            site.set(condition("a:1", 1))
            await site.until(lambda: ops.got, "it was not told")
            ops.status = 500
            site.set(condition("b:2", 1))
            await site.until(lambda: list(site.notifier.conditions()), "a failure is no alarm")
            (failing,) = site.notifier.conditions()
    assert ops.headers[0]["Authorization"] == f"Bearer {secret}-token"
    assert secret not in caplog.text + str(failing) + json.dumps(ops.got)
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path != kept)
    assert secret.encode() not in everything


async def test_secrets_that_are_not_there_or_open_to_all_are_alarms_with_the_mend(tmp_path):
    kept = tmp_path / "secrets.toml"
    kept.write_text('hook = "http://127.0.0.1:1/"\n')
    kept.chmod(0o644)
    options = NotifyOptions(
        webhook={"open": WebhookOptions(Secret(secret="hook")), "unset": WebhookOptions(Secret(env="NOT_SET"))}
    )
    async with telling(tmp_path, options) as site:
        site.set(condition("a:1", 1))
        await site.until(lambda: len(list(site.notifier.conditions())) == 2, "nobody was told that nobody is told")
        texts = {c.source: c.text.en for c in site.notifier.conditions()}
        assert "chmod 600" in texts["open"]
        assert "NOT_SET" in texts["unset"]


async def test_the_heart_beats_as_long_as_the_cycle_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(notify, "DEAD_S", 0.0)
    with hook() as ops:
        options = NotifyOptions(
            webhook={"dead-man": WebhookOptions(Secret(text=ops.url), alarms=False, heartbeat_s=0.02)}
        )
        async with telling(tmp_path, options) as site:
            site.set(condition("a:1", 1))
            await site.until(lambda: len(ops.got) > 3, "no heartbeat")
            # It is told of no alarm, but how many there are stands in every beat.
            assert {body["kind"] for body in ops.got} == {"heartbeat"}
            assert ops.got[-1]["alarms"] == {"p1": 1, "p2": 0, "p3": 0}
            assert len({body["id"] for body in ops.got}) == len(ops.got)
            monkeypatch.setattr(site.notifier, "_beat_s", -1e9)
            await asyncio.sleep(0.3)
            count = len(ops.got)
            await asyncio.sleep(0.3)
            assert len(ops.got) <= count + 1


async def test_a_broker_is_told_and_notices_our_end(tmp_path):
    with broker(tmp_path) as port, listening(port) as heard:
        at = MqttOptions(f"mqtt://127.0.0.1:{port}", heartbeat_s=0.2)
        async with telling(tmp_path, NotifyOptions(mqtt={"mq": at})) as site:
            await site.until(lambda: heard.at("leyden/park/status") == [b"online"], "not online")
            site.set(condition("device-silent:gate", 1))
            await site.until(lambda: heard.at("leyden/park/alarms"), "the broker was not told")
            await site.until(lambda: heard.at("leyden/park/heartbeat"), "no heartbeat")
        await site.until(lambda: heard.at("leyden/park/status") == [b"online", b"offline"], "our end went unnoticed")
        body = json.loads(heard.at("leyden/park/alarms")[0])
        assert (body["kind"], body["cause"], body["title"]["en"]) == ("raised", "device-silent:gate", "device-silent")


async def test_a_broker_that_was_away_is_told_when_it_is_back(tmp_path):
    (port,) = free_ports(1)
    options = NotifyOptions(mqtt={"mq": MqttOptions(f"mqtt://127.0.0.1:{port}", topic="site/one")})
    async with telling(tmp_path, options) as site:
        site.set(condition("device-silent:gate", 1))
        await site.until(lambda: list(site.notifier.conditions()), "a broker that is away is no alarm")
        assert str(port) not in next(iter(site.notifier.conditions())).text.en
        with broker(tmp_path, port), listening(port) as heard:
            await site.until(lambda: heard.at("site/one/alarms"), "what waited was not sent")
            await site.until(lambda: not site.notifier.waiting, "it still waits")
            assert len(heard.at("site/one/alarms")) == 1


async def test_a_broker_without_its_part_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("leyden.runtime.broker.installed", lambda: False)
    options = NotifyOptions(mqtt={"mq": MqttOptions("mqtt://127.0.0.1:1")})
    async with telling(tmp_path, options) as site:
        site.set(condition("a:1", 1))
        await site.until(
            lambda: any("leyden[mqtt]" in c.text.en for c in site.notifier.conditions()), "the mend was not told"
        )
    assert Broker("mq", MqttOptions("mqtts://[::1]"), SecretStore(tmp_path), "park").options.place() == (
        True,
        "::1",
        8883,
    )


def _message():
    from leyden.alarms.notices import Kind, Message

    what = condition("device-silent:gate", 1)
    now = datetime.now(UTC)
    return Message("m1", Kind.RAISED, what.key, 1, what.source, what.title, what.text, what.advice, now, now)

"""An MQTT broker that is told what happens; its library is imported only where one is configured."""

import asyncio
import json
import ssl
from importlib.util import find_spec
from typing import Any

from leyden.alarms.notices import Message
from leyden.alarms.outbox import pause_s
from leyden.model.words import Words
from leyden.runtime.notify_options import MqttOptions
from leyden.runtime.notify_text import About, document
from leyden.runtime.secret_store import SecretError, SecretStore
from leyden.runtime.webhook import DeliveryError

TIMEOUT_S = 5.0
KEEPALIVE_S = 20
"""The broker tells our death after one and a half times this."""
MISSING = Words("缺少 MQTT 组件:pip install 'leyden[mqtt]'", "the part for MQTT is missing: pip install 'leyden[mqtt]'")
_AWAY = Words("未连接到代理", "not connected to the broker")


def installed() -> bool:
    """Whether the extra `mqtt` is here."""
    return find_spec("aiomqtt") is not None


class Broker:
    """Stays connected, so that the broker notices our death; publishes with an acknowledgement (QoS 1)."""

    def __init__(self, name: str, options: MqttOptions, secrets: SecretStore, site: str, present: bool = True) -> None:
        """Without `present` nothing is said of whether the site is there: for somebody who only tries the broker."""
        self.name = name
        self.options = options
        self.topic = options.topic or f"leyden/{site}"
        self._secrets = secrets
        self._present = present
        self._client: Any = None
        self._away = _AWAY
        self.connected = asyncio.Event()
        self.tried = asyncio.Event()
        """Set once it is known whether the broker is there."""

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, with growing patience."""
        failures = 0
        while True:
            try:
                await self._connected()
            except DeliveryError as error:
                self._away = error.words
                self.tried.set()
            finally:
                failures = 0 if self.connected.is_set() else failures + 1
                self._client = None
                self.connected.clear()
            await asyncio.sleep(max(1.0, pause_s(failures)))

    async def _connected(self) -> None:
        """One connection, until it is lost or we end; then the broker is told that we ended on purpose."""
        if not installed():
            raise DeliveryError(MISSING)
        import aiomqtt

        status = f"{self.topic}/status"
        lost: Any = None
        try:
            async with self._new_client(aiomqtt, aiomqtt.Will(status, b"offline", qos=1, retain=True)) as client:
                lost = getattr(client, "_disconnected", None)
                await self._say(client, status, b"online")
                self._client = client
                self.connected.set()
                self.tried.set()
                try:
                    async for _ in client.messages:  # nothing is subscribed to: it ends when the connection does
                        pass
                except asyncio.CancelledError:
                    await self._say(client, status, b"offline")
                    raise
        except SecretError as error:
            raise DeliveryError(error.words) from None
        except (aiomqtt.MqttError, OSError, ssl.SSLError, ValueError) as error:
            raise DeliveryError(_why(error)) from None
        finally:
            # The library leaves the reason of a lost connection in a future; unread, it would be logged as an error.
            if lost is not None and lost.done() and not lost.cancelled():
                lost.exception()

    async def _say(self, client: Any, status: str, what: bytes) -> None:
        if self._present:
            await client.publish(status, what, qos=1, retain=True, timeout=TIMEOUT_S)

    def _new_client(self, aiomqtt: Any, will: Any) -> Any:
        by_tls, host, port = self.options.place()
        user, password = self.options.user, self.options.password
        authority = None if self.options.ca is None else self._secrets.path.parent / self.options.ca
        context = ssl.create_default_context(cafile=authority) if by_tls else None
        return aiomqtt.Client(
            host,
            port,
            username=None if user is None else self._secrets.get(user),
            password=None if password is None else self._secrets.get(password),
            will=will if self._present else None,
            timeout=TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            tls_context=context,
        )

    async def send(self, message: Message, about: About) -> None:
        """Deliver one message. Raises DeliveryError."""
        await self._publish("alarms", document(message, about))

    async def beat(self, content: dict[str, Any]) -> None:
        """Deliver one heartbeat. Raises DeliveryError."""
        await self._publish("heartbeat", content)

    async def _publish(self, name: str, content: dict[str, Any]) -> None:
        client = self._client
        if client is None:
            raise DeliveryError(self._away)
        payload = json.dumps(content, ensure_ascii=False).encode()
        try:
            await client.publish(f"{self.topic}/{name}", payload, qos=1, timeout=TIMEOUT_S)
        except Exception as error:  # the library's errors, and what it lets through
            raise DeliveryError(_why(error)) from None


def _why(error: Exception) -> Words:
    """The reason without user or password."""
    told = getattr(error, "strerror", None) or str(error)[:80] or type(error).__name__
    return Words(f"MQTT:{told}", f"MQTT: {told}")

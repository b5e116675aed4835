"""One POST, on a thread of its own: nobody waits for an address that does not answer."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from leyden import __version__
from leyden.alarms.notices import Message
from leyden.model.errors import LeydenError
from leyden.model.words import Words
from leyden.runtime.notify_options import WebhookOptions
from leyden.runtime.notify_text import About, body_for, refusal
from leyden.runtime.secret_store import SecretStore

TIMEOUT_S = 5.0
_LONGEST_S = 10.0
"""With everything, such as a name that is looked up for ever."""
_RETRY = frozenset({408, 425, 429})
T = TypeVar("T")


class DeliveryError(LeydenError):
    """A message that was not taken; `words` hold no address and no secret."""

    def __init__(self, words: Words, refused: bool = False) -> None:
        super().__init__(words.en)
        self.words = words
        self.refused = refused
        """It would not be taken however often it is sent."""


class Webhook:
    """An address that is sent what happens."""

    def __init__(self, name: str, options: WebhookOptions, secrets: SecretStore) -> None:
        self.name = name
        self.options = options
        self._secrets = secrets

    async def run(self) -> None:
        """Nothing stays open between two messages."""

    async def send(self, message: Message, about: About) -> None:
        """Deliver one message. Raises DeliveryError, or SecretError."""
        await self._post(body_for(self.options.form, message, about), message.id)

    async def beat(self, document: dict[str, Any]) -> None:
        """Deliver one heartbeat. Raises DeliveryError, or SecretError."""
        await self._post(document, str(document["id"]))

    async def _post(self, body: dict[str, Any], key: str) -> None:
        url = self._secrets.get(self.options.url)
        token = None if self.options.token is None else self._secrets.get(self.options.token)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"leyden/{__version__}",
            "Idempotency-Key": key,
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            answer = await asyncio.wait_for(in_thread(lambda: _post(url, content, headers)), _LONGEST_S)
        except TimeoutError:
            raise DeliveryError(Words("超时无应答", "no answer in time")) from None
        said = refusal(self.options.form, answer)
        if said is not None:
            raise DeliveryError(Words(f"对方拒收:{said}", f"refused: {said}"), refused=True)


def _post(url: str, content: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """The answer, as far as it is a JSON object."""
    try:
        request = urllib.request.Request(url, content, headers, method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            said = answer.read(65536)
    except urllib.error.HTTPError as error:
        error.close()
        refused = 400 <= error.code < 500 and error.code not in _RETRY
        raise DeliveryError(Words(f"HTTP {error.code}", f"HTTP {error.code}"), refused) from None
    except (OSError, ValueError) as error:
        raise DeliveryError(_why(error)) from None
    except Exception as error:  # http.client has errors of its own; none may carry the address out
        name = type(error).__name__
        raise DeliveryError(Words(f"应答不合规:{name}", f"not an answer: {name}")) from None
    try:
        told = json.loads(said)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _why(error: Exception) -> Words:
    """The reason without the address, which may be a secret."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return Words("超时无应答", "no answer in time")
    told = getattr(reason, "strerror", None) or type(reason).__name__
    return Words(f"无法连接:{told}", f"no connection: {told}")


def in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Run something that blocks on a thread that ends with the process, whatever it still waits for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if not future.done():
            if error is None:
                future.set_result(result)  # type: ignore[arg-type]
            else:
                future.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as found:  # told to whoever waits
            error = found
        with suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name="leyden-webhook", daemon=True).start()
    return future

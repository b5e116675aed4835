"""Those who are told: a webhook of our own and a real broker, on free ports of this computer."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiomqtt

from tests.whole.park import free_ports, wait_for


@dataclass
class Hook:
    """A webhook that keeps what it is sent; `status` is what it answers, None hangs until the end."""

    port: int
    status: int | None = 200
    answer: Any = field(default_factory=dict)
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def told(self) -> list[tuple[str, str]]:
        """What was taken, as kind and cause."""
        return [(body["kind"], body.get("cause", "")) for body in self.got]


@contextmanager
def hook(port: int = 0) -> Iterator[Hook]:
    """Until the end of the block."""
    made: Hook

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.asked += 1
            if made.status is None:
                made.over.wait(60.0)
                return
            if made.status < 300:
                made.got.append(body)
                made.headers.append(dict(self.headers))
            content = json.dumps(made.answer).encode()
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        made = Hook(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.over.set()
            server.shutdown()
            thread.join()


def broker_command(folder: Path, port: int) -> list[str]:
    """Mosquitto where there is one, else a broker in Python."""
    if shutil.which("mosquitto"):
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        return ["mosquitto", "-c", str(config)]
    config = folder / "amqtt.yaml"
    config.write_text(
        f"listeners:\n  default:\n    type: tcp\n    bind: 127.0.0.1:{port}\n"
        "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n    allow_anonymous: true\n"
    )
    return [str(Path(sys.executable).with_name("amqtt")), "-c", str(config)]


@contextmanager
def broker(folder: Path, port: int | None = None) -> Iterator[int]:
    """A broker in a process of its own; its port."""
    at = port or free_ports(1)[0]
    with (folder / "broker.log").open("ab") as log:
        process = subprocess.Popen(broker_command(folder, at), stdout=log, stderr=log, cwd=folder)
    try:
        wait_for(lambda: _answers(at), f"the broker did not start: {folder}/broker.log")
        yield at
    finally:
        process.kill()
        process.wait(20)


_CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x"


def _answers(port: int) -> bool:
    """Whether a broker takes a connection (CONNECT, CONNACK)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5.0) as door:
            door.sendall(_CONNECT)
            return door.recv(4) == b"\x20\x02\x00\x00"
    except OSError:
        return False


@dataclass
class Heard:
    """What a broker passed on, by topic."""

    got: dict[str, list[bytes]] = field(default_factory=dict)

    def at(self, topic: str) -> list[bytes]:
        return self.got.get(topic, [])


@contextmanager
def listening(port: int) -> Iterator[Heard]:
    """Hear everything that a broker passes on, on a thread."""
    heard, loop, ready = Heard(), asyncio.new_event_loop(), threading.Event()
    heard_task: list[asyncio.Task[None]] = []

    async def listen() -> None:
        async with aiomqtt.Client("127.0.0.1", port) as client:
            await client.subscribe("#", qos=1)
            ready.set()
            async for message in client.messages:
                heard.got.setdefault(str(message.topic), []).append(bytes(message.payload))

    def run() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(listen())
        loop.call_later(1000.0, task.cancel)
        heard_task.append(task)
        try:
            loop.run_until_complete(task)
        except (asyncio.CancelledError, aiomqtt.MqttError):
            pass
        finally:
            loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20.0)
    try:
        yield heard
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(heard_task[0].cancel)
        thread.join(20.0)

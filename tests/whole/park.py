"""A whole park for tests: twin and site as processes of their own, on free loopback ports, in a folder of their own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leyden.runtime.http import AnswerError, request_json

SITES = Path(__file__).parents[2] / "sites"
PATIENCE_S = 180.0


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on; all held open together so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def moved(text: str) -> tuple[str, dict[str, int]]:
    """A site file with every port replaced by a free one."""
    devices = sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", text)))
    ports = free_ports(len(devices) + 2)
    for old, new in zip(devices, ports, strict=False):
        text = text.replace(f"127.0.0.1:{old}/", f"127.0.0.1:{new}/")
    web, twin = ports[-2:]
    text = with_key(with_key(text, "web", f"port = {web}"), "twin", f"port = {twin}")
    return text, {"web": web, "twin": twin}


def with_key(text: str, table: str, line: str) -> str:
    """The text with a line put first in a table, which is made if it is not there; an older line of that key goes."""
    key = line.split("=")[0].strip()
    header = f"[{table}]"
    if not re.search(rf"^\[{re.escape(table)}\]", text, re.MULTILINE):
        return f"{text}\n{header}\n{line}\n"
    head, tail = re.split(rf"^\[{re.escape(table)}\].*$", text, maxsplit=1, flags=re.MULTILINE)
    body, *rest = re.split(r"^(?=\[)", tail, maxsplit=1, flags=re.MULTILINE)
    body = re.sub(rf"^{key} *=.*$", "", body, flags=re.MULTILINE)
    return f"{head}{header}\n{line}{body}{''.join(rest)}"


@dataclass
class Park:
    """A running park."""

    site_file: Path
    folder: Path
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def token(self) -> str:
        """What was printed at the first start."""
        found = wait_for(lambda: re.search(r"#token=(\S+)", self.log.read_text()), "the token was not printed")
        return str(found.group(1))

    def get(self, path: str) -> Any:
        """From the API."""
        return request_json("GET", self.url + path)

    def post(self, path: str, body: Any) -> Any:
        """To the API, with the token."""
        return request_json("POST", self.url + path, body, self.token)

    def delete(self, path: str) -> Any:
        """From the API, with the token."""
        return request_json("DELETE", self.url + path, token=self.token)

    def live(self) -> Any:
        """The newest moment."""
        return self.get("/api/snapshot")

    def wait_live(self, true: Callable[[Any], object], why: str, patience_s: float = PATIENCE_S) -> Any:
        """The first moment of which something is true."""

        def look() -> Any:
            try:
                live = self.live()
            except AnswerError:
                return None
            return live if true(live) else None

        return wait_for(look, why, patience_s)

    def site_pid(self) -> int:
        """The process that runs `leyden up`."""
        return int(wait_for(lambda: pid_of("leyden", "up", str(self.site_file)), "the site does not run"))

    def kill_site(self) -> None:
        """kill -9 of the site; the demo starts it again."""
        os.kill(self.site_pid(), signal.SIGKILL)


def pid_of(*words: str) -> int | None:
    """The process whose command line holds these words in this order."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().split(b"\0")
                alive = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
            except OSError:
                continue
            if alive and [word for word in (part.decode() for part in line) if word in words] == list(words):
                return int(entry.name)
    return None


def wait_for(look: Callable[[], Any], why: str, patience_s: float = PATIENCE_S) -> Any:
    """The first answer that is true; fails with `why` when patience ends."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{why} within {patience_s:g} s")


@contextmanager
def running(folder: Path, site: str = "park.toml", *options: str, change: Callable[[str], str] = str) -> Iterator[Park]:
    """A demo of a shipped site, changed as the test needs it."""
    text, ports = moved(change((SITES / site).read_text()))
    site_file, log = folder / site, folder / "log.txt"
    site_file.write_text(with_key(text, "history", f"folder = {json.dumps(str(folder / 'var'))}"))
    command = [sys.executable, "-m", "leyden", "demo", str(site_file), *options]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
    park = Park(site_file, folder, f"http://127.0.0.1:{ports['web']}", process, log)
    try:
        park.wait_live(lambda live: not live["bad"].get("b1.soc"), f"the park did not start: {log}")
        yield park
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)

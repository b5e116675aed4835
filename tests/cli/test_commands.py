"""The command line against an API that answers as a site does: what is printed, and how commands end."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from typer.testing import CliRunner

from leyden.cli import COMMANDS, make_app

WORDS = {"zh": "放电 812 kW", "en": "discharging 812 kW"}
STEP = {
    "controller": "peak-shaving", "label": {"zh": "削峰", "en": "peak shaving"}, "target": "batteries", "code": "X",
    "text": {"zh": "限值", "en": "import limit 2.1 MW"}, "min_w": 8.12e5, "max_w": None, "request_w": None,
    "taken_w": 8.12e5, "taken": True, "missed_w": 4.8e5,
}  # fmt: skip
ANSWERS = {
    "/api/site": {
        "name": {"zh": "园区", "en": "Park"}, "mark": "SIMULATED", "speed": 60.0, "utc_offset_s": 28800.0,
        "timezone": "Asia/Shanghai", "points": [{"name": "grid.power_w"}, {"name": "b1.soc"}],
        "things": [{"name": "b1", "label": {"zh": "电池", "en": "battery b1"}}],
    },
    "/api/snapshot": {
        "time": "2026-09-20T03:00:00Z", "points": {"b1.power_w": 8.12e5, "b1.soc": 0.5}, "bad": {"b1.power_w": "STALE"},
        "decision": {"number": 7, "sentence": WORDS, "steps": [STEP]},
        "alarms": [
            {"priority": 2, "title": {"zh": "中断", "en": "device does not answer"}, "source": "gate", "text": WORDS}
        ],
    },
}  # fmt: skip


class Answering(BaseHTTPRequestHandler):
    """Answers from the table; refuses writing without the token, in words."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/api/export":
            self.answer(200, b"time,grid.power_w\n")
        elif path == "/api/decisions":
            self.answer(200, {"decisions": []})
        else:
            self.answer(200, ANSWERS[path])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != "Bearer secret":
            self.answer(401, {"detail": {"zh": "需要令牌", "en": "a token is needed"}})
            return
        command = {"id": 3, "expires": "2026-09-20T03:15:00Z", "power_w": body["power_w"]}
        self.answer(200, {"command": command, "preview": {"text": WORDS}, "text": WORDS})

    def answer(self, status: int, body: object) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "en")
    app, runner = make_app(), CliRunner()
    return lambda *words, **kinds: runner.invoke(app, [*words], **kinds)


def test_status_says_who_what_and_what_is_wrong(run, url):
    told = run("status", "--url", url)
    assert told.exit_code == 0
    for text in ("Park", "SIMULATED", "x60", "11:00:00", "discharging 812 kW", "812 kW", "50 %", "STALE", "P2"):
        assert text in told.output


def test_status_as_json_is_json(run, url):
    assert json.loads(run("status", "--url", url, "--json").output)["snapshot"]["decision"]["number"] == 7


def test_why_prints_the_trail(run, url):
    told = run("why", "--url", url)
    assert "peak shaving: import limit 2.1 MW" in told.output
    assert "missed by 480 kW" in told.output


def test_why_of_a_time_without_decisions_is_told(run, url):
    told = run("why", "2026-09-20T03:00:00Z", "--url", url)
    assert told.exit_code == 1
    assert "no decision is recorded" in told.output


@pytest.mark.parametrize("words", [("why", "yesterday"), ("set", "b1", "500"), ("set", "b1", "1 MW", "--for", "long")])
def test_what_makes_no_sense_ends_with_2_and_the_mend(run, url, words):
    told = run(*words, "--url", url)
    assert told.exit_code == 2
    assert "write" in told.output or "expected" in told.output


def test_a_command_is_granted_and_charging_is_negative(run, url):
    told = run("set", "b1", "--url", url, "--token", "secret", "--json", "--", "-500 kW")
    assert json.loads(told.output)["command"]["power_w"] == -5e5


def test_a_refusal_ends_with_1_and_says_why(run, url):
    told = run("set", "b1", "1 MW", "--url", url)
    assert (told.exit_code, told.output.strip()) == (1, "a token is needed")


def test_nobody_there_ends_with_3(run):
    told = run("status", "--url", "http://127.0.0.1:9")
    assert told.exit_code == 3
    assert "nobody answers" in told.output


def test_export_writes_a_file(run, url, tmp_path):
    file = tmp_path / "park.csv"
    assert run("export", "all", "-o", str(file), "--url", url).exit_code == 0
    assert file.read_text() == "time,grid.power_w\n"
    assert run("export", "all", "-o", str(tmp_path / "park.doc"), "--url", url).exit_code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(run, name):
    told = run(name, "--help")
    assert told.exit_code == 0
    assert name == "fault" or "Example" in told.output

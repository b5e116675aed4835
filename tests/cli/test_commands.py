"""The command line against an API that answers as a site does: what is printed, and how commands end."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import unquote

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
        "timezone": "Asia/Shanghai", "currency": "CNY", "points": [{"name": "grid.power_w"}, {"name": "b1.soc"}],
        "things": [{"name": "b1", "label": {"zh": "电池", "en": "battery b1"}}],
    },
    "/api/snapshot": {
        "time": "2026-09-20T03:00:00Z", "points": {"b1.power_w": 8.12e5, "b1.soc": 0.5}, "bad": {"b1.power_w": "STALE"},
        "decision": {"number": 7, "sentence": WORDS, "steps": [STEP]},
        "mode": {"mark": "SHADOW", "since": "2026-09-19T03:00:00Z", "by": "first start"},
        "locks": [{"target": "b1", "by": "Li", "reason": "fan [x]", "since": "2026-09-20T01:00:00Z"}],
        "today": {"shadow_money": 12.345, "demand_month_w": 1.2e6},
        "devices": {"pcs1": {"writes": {"total": 70, "persistent_today": 3, "budget": 50}}, "gate": {"writes": None}},
        "alarms": [
            {"priority": 2, "title": {"zh": "中断", "en": "device does not answer"}, "source": "gate", "text": WORDS}
        ],
    },
    "/api/health": {"time": "2026-09-20T03:00:00Z"},
    "/api/why": {
        "number": 7, "time": "2026-09-20T02:59:59Z", "headline": {"zh": "由“削峰”指挥", "en": "peak shaving commands"},
        "lines": [WORDS, {"zh": "削峰:限值", "en": "peak shaving: import limit 2.1 MW"}],
    },
    "/api/actions": {"actions": [
        {"time": "2026-09-20T02:00:00Z", "text": {"zh": "李挂牌", "en": "Li locked b1"}},
        {"time": "2026-09-20T01:00:00Z", "text": {"zh": "李投入", "en": "Li armed the site"}},
    ]},
    "/api/locks": {"locks": [{"target": "b1", "by": "Li", "reason": "fan", "since": "2026-09-20T01:00:00Z"}]},
    "/api/me": {"users": False},
}  # fmt: skip
ASKED: list[str] = []
"""What was asked for, with its query."""


class Answering(BaseHTTPRequestHandler):
    """Answers from the table; refuses writing without the token, in words."""

    def do_GET(self) -> None:
        ASKED.append(unquote(self.path))
        path = self.path.partition("?")[0]
        if path == "/api/export":
            self.answer(200, b"time,grid.power_w\n")
        elif "time=2020" in self.path:
            self.answer(404, {"detail": {"zh": "没有", "en": "no decision was recorded before that time"}})
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
    for text in (
        "Park",
        "SHADOW",
        "x60",
        "12.35 CNY (estimate)",
        "locked: b1 by Li: fan [x]",
        "3 of 50",
        "1.2 MW",
        "11:00:00",
        "discharging 812 kW",
        "812 kW",
        "50 %",
        "STALE",
        "P2",
    ):
        assert text in told.output


def test_status_as_json_is_json(run, url):
    assert json.loads(run("status", "--url", url, "--json").output)["snapshot"]["decision"]["number"] == 7


def test_why_says_who_commands_first_and_then_the_trail(run, url):
    lines = run("why", "--url", url).output.splitlines()
    assert lines[0] == "peak shaving commands"
    assert lines[1] == "#7  2026-09-20 10:59:59"
    assert lines[-1].strip() == "peak shaving: import limit 2.1 MW"


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("10:30", "2026-09-20T02:30:00+00:00"),
        ("11:30", "2026-09-19T03:30:00+00:00"),
        ("2026-09-20T10:30", "2026-09-20T02:30:00+00:00"),
        ("2026-09-20T02:30:00Z", "2026-09-20T02:30:00+00:00"),
    ],
)
def test_why_of_a_time_goes_by_the_sites_own_clock(run, url, told, meant):
    """It is 11:00 there: what has not been today was yesterday."""
    assert run("why", told, "--url", url).exit_code == 0
    assert ASKED[-1] == f"/api/why?time={meant}"


def test_why_of_a_time_without_decisions_is_told(run, url):
    told = run("why", "2020-09-20T03:00:00Z", "--url", url)
    assert told.exit_code == 1
    assert "no decision was recorded" in told.output


def test_the_log_is_told_as_sentences_the_newest_last(run, url):
    lines = run("log", "--url", url, "--from", "09:00").output.splitlines()
    assert lines == ["2026-09-20 09:00:00  Li armed the site", "2026-09-20 10:00:00  Li locked b1"]
    assert ASKED[-1] == "/api/actions?start=2026-09-20T01:00:00+00:00&limit=50"


def test_locks_are_told_and_taken_off_with_a_reason(run, url):
    assert "b1 is locked by Li" in run("locks", "--url", url).output
    assert run("unlock", "b1", "--url", url).exit_code == 2
    assert run("lock", "b1", "--url", url, "--by", "Li").exit_code == 2


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


GROUPS = {name for name, (_, attribute) in COMMANDS.items() if attribute == "app"}
"""Their commands have the examples."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(run, name):
    told = run(name, "--help")
    assert told.exit_code == 0
    assert name in GROUPS or "Example" in told.output

"""The report: whole, in both languages, without anything from outside, and drawn from the traces."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from leyden.commission import Finding, Mark, Part, Report, Step
from leyden.commission.judge.charts import Chart, Curve, Moment, Panel
from leyden.commission.judge.gate_verdicts import GateAgrees, GateReversed
from leyden.commission.judge.lines import ConfigLine
from leyden.commission.judge.links import DeviceSeen
from leyden.commission.report import Lang, html_report
from leyden.model.words import Words

BEGAN = datetime(2026, 9, 20, 3, 5, tzinfo=UTC)
WAVE = Chart(
    Words("b1:脉冲", "b1: pulses"),
    (
        Panel(
            Words("功率", "power"),
            "W",
            (
                Curve(Words("设定", "told"), "told", (0.0, 1.0, 2.0), (0.0, 75e3, 0.0), stepped=True),
                Curve(Words("变流器", "converter"), "converter", (0.0, 1.0, 2.0), (0.0, 7e4, 1e3)),
            ),
        ),
        Panel(Words("关口", "gate"), "W", (Curve(Words("关口表", "gate meter"), "gate", (0.0, 2.0), (-5.0, 1e6)),)),
    ),
    (Moment(1.0, Words("写入", "last write")),),
)


GATE = DeviceSeen(
    "gate", "sunspec-meter", "abcdef123", "tcp://10.0.0.2:502/1", "online", 0.1, None, "ACME", "M", "2.3", "S77"
)


def a_report(verdict=None, **changes):
    verdict = verdict or GateAgrees(75e3, 74e3, 2e3, 4)
    finding = Finding(Step.SIGNS, "gate", verdict, 0.9876)
    end = BEGAN + timedelta(minutes=4)
    lines = (ConfigLine("[grid]", 'meter_delay = "0.2 s"', "measured: 0.21 s ± 0.03 s", True),)
    said = {
        "site": "park", "name": Words("五通园区", "Wutong Park"), "simulated": True, "by": "Li <Lei>", "why": "a & b",
        "began": BEGAN, "ended": end, "zone": ZoneInfo("Asia/Shanghai"), "version": "0.1.0",
        "devices": (GATE,),
        "parts": (
            Part(Step.SIGNS, "b1", BEGAN, end, (finding,), lines, (WAVE,)),
            Part(Step.STOP, "b1", end, end, not_done=Words("未确认", "not confirmed")),
        ),
    }  # fmt: skip
    return Report(**{**said, **changes})


class Text(HTMLParser):
    """What a page says, and what it asks for from elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.outside: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") or (value or "").startswith("http")]

    def handle_startendtag(self, tag, attrs):
        """It has nothing inside."""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def test_it_says_everything_in_both_languages_and_asks_for_nothing_from_elsewhere():
    page = Text(html_report(a_report()))
    assert page.open == []
    assert page.outside == []
    text = " ".join(page.words)
    said = ["调试报告", "Commissioning report", "五通园区", "Wutong Park", "Li <Lei>", "a & b", "74 kW", "S77", "2.3"]
    said += ["模拟", "SIMULATED", 'meter_delay = "0.2 s"', "Signatures", "签字", "98.7 %", "未确认", "not confirmed"]
    said += ["2026-09-20 11:05:00 Asia/Shanghai"]
    assert [one for one in said if one not in text] == []
    assert "url(" not in html_report(a_report())


@pytest.mark.parametrize(("lang", "other"), [(Lang.EN, r"[\u4e00-\u9fff]"), (Lang.ZH, r"Commissioning|Signatures")])
def test_it_can_be_in_one_language_alone(lang, other):
    report = a_report(name=Words("园区" if lang is Lang.ZH else "P", "P"))
    assert not re.search(other, " ".join(Text(html_report(report, lang)).words))


def test_what_failed_stands_on_its_stamp_with_its_mend():
    page = html_report(a_report(GateReversed("gate", 75e3, 74e3, 2e3, 4)))
    assert 'class="stamp failed"' in page
    assert "turn the current transformers" in page
    assert 'class="stamp undecided"' in html_report(a_report())


def test_a_part_is_not_stamped_as_the_whole():
    done = (a_report().parts[0],)
    assert "ALL PASSED" in html_report(a_report(parts=done))
    assert "ALL PASSED" not in html_report(a_report(parts=done, complete=False))
    assert "PASSED IN PART" in html_report(a_report(parts=done, complete=False))
    assert a_report(parts=done, interrupted=True).mark is Mark.UNDECIDED


def test_a_device_that_was_not_handed_back_is_the_first_thing_it_says():
    report = a_report(left_alone={"pcs1": Words("无应答", "no answer")})
    assert report.mark is Mark.FAILED
    assert "not handed back" in html_report(report)


def test_charts_are_drawn_within_their_frame():
    page = html_report(a_report())
    places = [tuple(map(float, p.split(","))) for line in re.findall(r'points="([^"]+)"', page) for p in line.split()]
    ((width, height),) = [map(float, found) for found in re.findall(r'viewBox="0 0 (\S+) (\S+)"', page)]
    assert len(places) > 6
    assert all(0.0 <= x <= width and 0.0 <= y <= height for x, y in places)
    assert page.count("<polyline") == 3


def test_the_document_is_plain_json_and_lines_stand_once():
    report = a_report()
    twice = a_report(parts=(*report.parts, *report.parts))
    plain = json.loads(json.dumps(twice.as_json(), allow_nan=False))
    assert plain["mark"] == "undecided"
    assert plain["parts"][0]["findings"][0]["code"] == "GateAgrees"
    assert plain["parts"][0]["findings"][0]["confidence"] == 0.9876
    assert len(plain["proposed"]) == 1
    assert plain["parts"][0]["charts"][0]["panels"][1]["curves"][0]["value"] == [-5.0, 1e6]


def test_its_file_is_named_by_site_and_local_date():
    assert a_report().file_name == "park-commissioning-2026-09-20-1105"

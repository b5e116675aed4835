"""The page: who and when, every verdict, the traces, what is proposed, which devices, and where to sign."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from html import escape
from importlib.resources import files

from leyden.commission.document import STEPS, Part, Report
from leyden.commission.judge.lines import ConfigLine
from leyden.commission.judge.verdict import MARKS, Finding, Mark
from leyden.commission.report.svg import svg_of
from leyden.model.words import LANGUAGES, Language, Words


class Lang(StrEnum):
    """In which languages a report is written."""

    BOTH = "both"
    ZH = "zh"
    EN = "en"


_TITLE = Words("调试报告", "Commissioning report")
_WHOLE = {
    Mark.PASSED: Words("全部合格", "ALL PASSED"),
    Mark.NOTED: Words("合格,有提示", "PASSED, WITH NOTES"),
    Mark.UNDECIDED: Words("有未判定项", "NOT ALL DECIDED"),
    Mark.FAILED: Words("不合格", "FAILED"),
}
_IN_PART = Words("所做项目合格", "PASSED IN PART")
_SIMULATED = Words(
    "模拟:本次调试对象是站点的孪生,不是真实设备。",
    "SIMULATED: these tests were made on the site's twin, not on real equipment.",
)
_NOT_BACK = Words("未能交还的设备", "not handed back")
_NOT_DONE = Words("未进行:", "not done: ")
_PEOPLE = (
    Words("调试工程师", "Commissioning engineer"),
    Words("业主代表", "For the owner"),
    Words("见证人", "Witness"),
)
_SIGNING = (Words("姓名", "name"), Words("签字", "signature"), Words("日期", "date"))


def html_report(report: Report, lang: Lang = Lang.BOTH) -> str:
    """One document without anything outside it."""
    page = _Page(report, lang)
    return "".join(page.html())


class _Page:
    """One report in one choice of languages."""

    def __init__(self, report: Report, lang: Lang) -> None:
        self.report = report
        self._languages: tuple[Language, ...] = tuple(one for one in LANGUAGES if lang in (Lang.BOTH, one))

    def say(self, words: Words, parted: str = " ") -> str:
        """In every language of the report, marked up."""
        return parted.join(
            f'<span class="{one}" lang="{one}">{escape(words[one])}</span>' for one in self._languages if words[one]
        )

    def plain(self, words: Words) -> str:
        """The same for places that take no markup; once where both are alike."""
        return " ".join(dict.fromkeys(words[one] for one in self._languages))

    def html(self) -> Iterator[str]:
        report, style = self.report, (files("leyden.commission.report") / "style.css").read_text(encoding="utf-8")
        single = ' class="single"' if len(self._languages) == 1 else ""
        title = escape(f"{self.plain(_TITLE)} · {self.plain(report.name)}")
        yield f'<!doctype html>\n<html lang="{self._languages[0]}"><head><meta charset="utf-8"><title>{title}</title>'
        yield f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body{single}>'
        yield from self._head()
        yield from self._summary()
        for part in report.parts:
            yield from self._part(part)
        yield from self._proposed(report.lines)
        yield from self._devices()
        yield from self._signatures()
        yield f"<footer>{escape(report.file_name)} · Leyden {escape(report.version)}</footer></body></html>\n"

    def _head(self) -> Iterator[str]:
        report = self.report
        passed = report.mark in (Mark.PASSED, Mark.NOTED)
        stamp = _IN_PART if passed and not report.complete else _WHOLE[report.mark]
        yield f"<header><div><h1>{self.say(_TITLE)}</h1>"
        yield f"<p>{self.say(report.name, ' · ')} ({escape(report.site)})</p></div>"
        yield f'<div class="stamp {report.mark}">{self.say(stamp)}</div></header>'
        if report.simulated:
            yield f'<p class="simulated">{self.say(_SIMULATED)}</p>'
        for device, why in report.left_alone.items():
            yield f'<p class="danger"><b>{self.say(_NOT_BACK)}: {escape(device)}</b> {self.say(why)}</p>'
        facts = [
            (Words("调试人", "by"), escape(report.by)),
            (Words("开始", "began"), self._time(report.began)),
            (Words("事由", "reason"), escape(report.why) or "—"),
            (Words("结束", "ended"), self._time(report.ended)),
        ]
        cells = [f"<td>{self.say(label)}</td><td>{value}</td>" for label, value in facts]
        yield '<table class="facts">' + "".join(
            f"<tr>{a}{b}</tr>" for a, b in zip(cells[::2], cells[1::2], strict=True)
        )
        yield "</table>"

    def _time(self, moment: datetime, seconds: bool = False) -> str:
        local = moment.astimezone(self.report.zone)
        form = "%H:%M:%S" if seconds else "%Y-%m-%d %H:%M:%S"
        return escape(f"{local:{form}}" if seconds else f"{local:{form}} {self.report.zone}")

    def _summary(self) -> Iterator[str]:
        """Steps down, things across."""
        parts = self.report.parts
        targets = list(dict.fromkeys(part.target for part in parts))
        yield f'<h2>{self.say(Words("结论", "Results"))}</h2><table class="results">'
        yield f"<tr><th>{self.say(Words('项目', 'step'))}</th>"
        yield "".join(f"<th>{escape(target)}</th>" for target in targets) + "</tr>"
        for number, (step, label) in enumerate(STEPS.items(), 1):
            of = {part.target: part for part in parts if part.step is step}
            chips = "".join(
                f"<td>{self._chip(of[target].mark) if target in of else '<span class=small>—</span>'}</td>"
                for target in targets
            )
            yield f"<tr><td>{number}. {self.say(label)}</td>{chips}</tr>"
        yield "</table>"

    def _chip(self, mark: Mark) -> str:
        return f'<span class="chip {mark}">{escape(self.plain(MARKS[mark]))}</span>'

    def _part(self, part: Part) -> Iterator[str]:
        number = list(STEPS).index(part.step) + 1
        when = f"{self._time(part.began, True)} – {self._time(part.ended, True)}"
        yield f"<h3>{number}. {self.say(STEPS[part.step])} · {escape(part.target)}"
        yield f'{self._chip(part.mark)}<span class="when">{when}</span></h3>'
        if part.not_done is not None:
            yield f"<p>{self.say(_NOT_DONE)} {self.say(part.not_done)}</p>"
            return
        heads = (
            Words("结果", "result"),
            Words("对象", "of"),
            Words("说明", "what was found"),
            Words("置信度", "confidence"),
        )
        sure = any(math.isfinite(finding.confidence) for finding in part.findings)
        names = heads if sure else heads[:3]
        yield "<table><tr>" + "".join(
            f'<th class="{"sure" if head is heads[3] else ""}">{escape(self.plain(head))}</th>' for head in names
        )
        yield "</tr>" + "".join(self._finding(finding, sure) for finding in part.findings) + "</table>"
        for chart in part.charts:
            drawn = svg_of(chart, self.plain)
            if drawn:
                yield f"<figure><figcaption>{self.say(chart.title)}</figcaption>{drawn}</figure>"

    def _finding(self, finding: Finding, sure: bool) -> str:
        verdict = finding.verdict
        mend = ""
        if verdict.mend.en and finding.mark is not Mark.PASSED:
            mend = f'<span class="mend {finding.mark}">{self.say(verdict.mend)}</span>'
        confidence = f'<td class="sure">{_percent(finding.confidence)}</td>' if sure else ""
        return (
            f'<tr><td class="mark">{self._chip(finding.mark)}</td><td class="target">{escape(finding.target)}</td>'
            f"<td>{self.say(verdict.words)}{mend}</td>{confidence}</tr>"
        )

    def _proposed(self, lines: Sequence[ConfigLine]) -> Iterator[str]:
        if not lines:
            return
        yield f"<h2>{self.say(Words('建议写入站点文件', 'Proposed for site.toml'))}</h2>"
        about = Words("粗体与现行文件不同。", "What differs from the file as it is stands in bold.")
        yield f'<p class="small">{self.say(about)}</p><pre>'
        table = ""
        for line in lines:
            if line.table != table:
                table = line.table
                yield f"{escape(table)}\n"
            kind = ' class="new"' if line.changes else ""
            yield f'<span{kind}>{escape(line.text)}</span>    <span class="note"># {escape(line.because)}</span>\n'
        yield "</pre>"

    def _devices(self) -> Iterator[str]:
        yield f"<h2>{self.say(Words('设备', 'Devices'))}</h2>"
        heads = (
            Words("名称", "name"),
            Words("点表", "map"),
            Words("地址", "address"),
            Words("厂家", "maker"),
            Words("型号", "model"),
            Words("固件", "firmware"),
            Words("序列号", "serial no."),
        )
        yield (
            '<table class="devices"><tr>' + "".join(f"<th>{escape(self.plain(head))}</th>" for head in heads) + "</tr>"
        )
        for device in self.report.devices:
            of_map = f"{device.map} ({device.digest[:8]})" if device.digest else device.map
            values = (device.name, of_map, device.at, device.maker, device.model, device.version, device.serial)
            yield "<tr>" + "".join(f"<td>{escape(value) or '—'}</td>" for value in values) + "</tr>"
        yield "</table>"

    def _signatures(self) -> Iterator[str]:
        yield f'<h2>{self.say(Words("签字", "Signatures"))}</h2><div class="sign">'
        for person in _PEOPLE:
            rules = "".join(f'<span class="rule">{escape(self.plain(what))}</span>' for what in _SIGNING)
            yield f"<div><b>{self.say(person)}</b>{rules}</div>"
        yield "</div>"


def _percent(confidence: float) -> str:
    """Never more than it is: nothing is sure."""
    if not math.isfinite(confidence):
        return "—"
    return "≥ 99.9 %" if confidence >= 0.999 else f"{math.floor(1000.0 * confidence) / 10.0:g} %"

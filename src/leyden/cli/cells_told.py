"""What `leyden cells` says: a table, JSON, CSV, or a page to look at."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from rich.table import Table
from rich.text import Text

from leyden.bms.watch import Finding, WatchReport
from leyden.bms.watch.finding import Evidence
from leyden.bms.watch.sentences import alarm_words, day_text, finding_words, since_words
from leyden.cli.client import language
from leyden.cli.consoles import out
from leyden.model.words import Words

_HEADS = (
    Words("单体", "cell"),
    Words("判断", "what"),
    Words("起始", "since"),
    Words("静置/充/放 [mV]", "rest/charge/discharge [mV]"),
    Words("最大偏差/告警", "worst / alarm"),
    Words("依据", "evidence"),
)
_NOBODY = Words(
    "{cells} 个单体、{days} 天:无异常单体;静置极差 {spread_mv} mV(多数在 ±{usual_mv} mV)",
    "{cells} cells over {days} days: nobody stands out; {spread_mv} mV apart at rest (most within ±{usual_mv} mV)",
)
_SOME = Words(
    "{cells} 个单体、{days} 天:{found} 处异常;静置极差 {before_mv} → {spread_mv} mV(多数在 ±{usual_mv} mV)",
    "{cells} cells over {days} days: {found} findings; {before_mv} → {spread_mv} mV apart at rest"
    " (most within ±{usual_mv} mV)",
)


@dataclass(frozen=True, slots=True)
class Names:
    """What is called how: the whole, and the cells of each string."""

    whole: str
    strings: list[list[str]]


@dataclass(frozen=True, slots=True)
class Told:
    """A report with the names that it is told by."""

    report: WatchReport
    names: Names
    source: str

    def name(self, finding: Finding) -> str:
        """Of its cell."""
        return self.names.strings[finding.string][finding.cell]


def print_told(told: Told) -> None:
    """On standard output, in the user's language."""
    chosen = language()
    out.print(headline(told)[chosen], highlight=False, soft_wrap=True)
    if not told.report.findings:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in _HEADS[:-1]:
        table.add_column(head[chosen], overflow="fold")
    for finding in told.report.findings:
        table.add_row(*(Text(cell[chosen]) for cell in _row(told, finding)[:-1]))
    out.print(table)
    for finding in told.report.findings:
        line = f"{told.name(finding)}: {finding_words(finding)[chosen]}; {finding.kind.about.advice[chosen]}"
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def headline(told: Told) -> Words:
    """The whole in a line."""
    strings = told.report.strings
    values = {
        "cells": sum(one.cells for one in strings),
        "days": max((one.days for one in strings), default=0),
        "found": len(told.report.findings),
        "spread_mv": _most([one.spread_v for one in strings]),
        "before_mv": _most([one.spread_before_v for one in strings]),
        "usual_mv": _most([one.usual_v for one in strings]),
    }
    return (_SOME if told.report.findings else _NOBODY).fill(values)


def document(told: Told) -> dict[str, Any]:
    """As JSON: numbers in SI, null where not known."""
    return {
        "source": told.source,
        "headline": _words(headline(told)),
        "findings": [_finding(told, finding, rank) for rank, finding in enumerate(told.report.findings, 1)],
        "strings": [
            {
                "string": one.string + 1, "cells": one.cells, "days": one.days, "spread_v": _number(one.spread_v),
                "spread_before_v": _number(one.spread_before_v), "usual_v": _number(one.usual_v),
            }
            for one in told.report.strings
        ],
    }  # fmt: skip


def csv_text(told: Told) -> str:
    """A line for each finding."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([
        "rank", "cell", "kind", "score", "onset", "since_days", "rest_v", "charge_v", "discharge_v", "worst_v",
        "alarm_v", "days_to_alarm", "evidence",
    ])  # fmt: skip
    for rank, finding in enumerate(told.report.findings, 1):
        one = _finding(told, finding, rank)
        writer.writerow([
            rank, one["cell"], one["kind"], one["score"], one["onset"], one["since_days"], one["rest_v"],
            one["charge_v"], one["discharge_v"], one["worst_v"], one["alarm_v"], one["days_to_alarm"],
            finding_words(finding)[language()],
        ])  # fmt: skip
    return text.getvalue()


def html_text(told: Told) -> str:
    """One page that needs nothing else."""
    chosen = language()
    heads = "".join(f"<th>{escape(head[chosen])}</th>" for head in _HEADS)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell[chosen])}</td>" for cell in _row(told, finding)) + "</tr>"
        for finding in told.report.findings
    )
    title = escape(told.names.whole or told.source)
    return (
        f'<!doctype html><html lang="{chosen}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}"
        "table{border-collapse:collapse}td,th{text-align:left;padding:.4rem .8rem .4rem 0;vertical-align:top;"
        f"border-bottom:1px solid #8884}}</style><h1>{title}</h1><p>{escape(headline(told)[chosen])}</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table></html>\n"
    )


def _row(told: Told, finding: Finding) -> tuple[Words, ...]:
    name = told.name(finding)
    volts = (finding.rest_v, finding.charge_v, finding.discharge_v)
    millivolts = " / ".join("—" if math.isnan(v) else f"{1e3 * v:+.0f}" for v in volts)
    return (
        Words(name, name),
        finding.kind.about.label,
        since_words(finding),
        Words(millivolts, millivolts),
        alarm_words(finding),
        finding_words(finding),
    )


def _finding(told: Told, finding: Finding, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "cell": told.name(finding),
        "string": finding.string + 1,
        "kind": finding.kind.value,
        "label": _words(finding.kind.about.label),
        "advice": _words(finding.kind.about.advice),
        "score": _number(finding.score),
        "shape": finding.shape,
        "onset": None if finding.onset_day is None else day_text(finding.onset_day),
        "since_days": finding.since_days,
        "rest_v": _number(finding.rest_v),
        "charge_v": _number(finding.charge_v),
        "discharge_v": _number(finding.discharge_v),
        "worst_v": _number(finding.worst_v),
        "alarm_v": finding.alarm_v,
        "left_v": _number(finding.left_v),
        "days_to_alarm": _number(finding.days_to_alarm),
        "rebalanced": finding.rebalanced,
        "warmer_k": _number(finding.warmer_k),
        "evidence": list(_evidence(finding.evidence)),
        "text": _words(finding_words(finding)),
    }


def _evidence(all_of_it: tuple[Evidence, ...]) -> Iterator[dict[str, Any]]:
    for one in all_of_it:
        numbers = {
            "now": one.now, "change": one.change, "usual": one.usual, "distance": one.distance, "limit": one.limit
        }  # fmt: skip
        yield {"name": one.name} | {name: _number(value) for name, value in numbers.items()}


def _most(values: list[float]) -> str:
    known = [value for value in values if math.isfinite(value)]
    return f"{1e3 * max(known):.0f}" if known else "—"


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def _words(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}

"""Findings as people read them, in both languages."""

import math
from datetime import UTC, datetime, timedelta

from leyden.bms.watch.finding import Evidence, Finding
from leyden.bms.watch.kind import Kind
from leyden.model.words import Words

_NAMES = {
    "resistance_ohm": Words("附加电阻", "resistance"),
    "offset_v": Words("偏移", "offset"),
    "low_soc": Words("低端电量", "charge near empty"),
    "high_soc": Words("高端电量", "charge near full"),
    "span_soc": Words("容量差", "capacity lacking"),
}
_UNITS = {"_ohm": (1e6, "µΩ"), "_v": (1e3, "mV"), "_soc": (1e2, "%")}
_REBALANCED = Words(";均衡反复拉回", "; balancing takes it back again and again")
_WARMER = Words(";比中位{sign}{kelvin:.1f} K", "; {sign}{kelvin:.1f} K against the median")
_EPOCH_LEAST = 3650
"""Days since 1970 of a record with dates; fewer are days since its beginning."""


def evidence_words(one: Evidence) -> Words:
    """`resistance +104 µΩ (others ±25), +98 since the first days; 80 spreads out, named from 5.5`."""
    factor, unit = next(found for suffix, found in _UNITS.items() if one.name.endswith(suffix))
    name, now, usual = _NAMES[one.name], _signed(factor * one.now), f"{factor * one.usual:.3g}"
    change = _signed(factor * one.change)
    return Words(
        f"{name.zh} {now} {unit}(其余 ±{usual}),较初期 {change};偏离 {one.distance:.0f} 倍散布,限 {one.limit:.1f}",
        f"{name.en} {now} {unit} (others ±{usual}), {change} since the first days;"
        f" {one.distance:.0f} spreads out, named from {one.limit:.1f}",
    )


def finding_words(finding: Finding) -> Words:
    """All its evidence in one line."""
    told = [evidence_words(one) for one in finding.evidence]
    extra = _REBALANCED if finding.rebalanced else Words("", "")
    if abs(finding.warmer_k) >= 1.0:
        sign = "+" if finding.warmer_k > 0 else "−"
        values = {"sign": sign, "kelvin": abs(finding.warmer_k)}
        extra = Words(extra.zh + _WARMER.zh.format(**values), extra.en + _WARMER.en.format(**values))
    return Words("; ".join(one.zh for one in told) + extra.zh, "; ".join(one.en for one in told) + extra.en)


def since_words(finding: Finding) -> Words:
    """`2026-07-15, 21 days`, or that it was so from the first day on."""
    if finding.onset_day is None:
        days = finding.since_days
        return Words(f"记录开始前(≥{days} 天)", f"before the record ({days} days or more)")
    day = day_text(finding.onset_day)
    return Words(f"{day}({finding.since_days} 天)", f"{day} ({finding.since_days} days)")


def alarm_words(finding: Finding) -> Words:
    """How far it is from the alarm."""
    worst, alarm = 1e3 * finding.worst_v, 1e3 * finding.alarm_v
    told = f"{_signed(worst)} / {alarm:.0f} mV"
    if finding.days_to_alarm is None:
        return Words(told, told)
    if finding.days_to_alarm <= 0.0:
        return Words(f"{told},已越限", f"{told}, beyond it")
    days = math.ceil(finding.days_to_alarm)
    return Words(f"{told},约 {days} 天后", f"{told}, in about {days} days")


def label_words(kind: Kind) -> Words:
    """Its name."""
    return kind.about.label


def day_text(day: int) -> str:
    """A date, or the day of a record without dates, from 1."""
    if day < _EPOCH_LEAST:
        return f"#{day + 1}"
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y-%m-%d}"


def _signed(value: float) -> str:
    if math.isnan(value):
        return "—"
    decimals = 0 if abs(value) >= 100 else 1
    return f"{value:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")

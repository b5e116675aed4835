"""A healthy site through the seasons, and everything that was an alarm, an energy or money meanwhile.

What it runs is a shipped site with its battery let loose from 0 to 100 % of the charge its own management counts, and
with the weather of a place with winters and summers around its cells.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

from leyden.alarms import AlarmChange, ChangeKind
from leyden.model.quality import Quality
from leyden.runtime.station import Moment
from leyden.runtime.today import Today
from leyden.twin import Twin
from tests.whole.inside import Inside, configured, inside
from tests.whole.park import with_key

DAY_S = 86400.0
RAISING = (ChangeKind.RAISED, ChangeKind.RETURNED, ChangeKind.ESCALATED)
FULL = 0.98
"""Charge as counted at which a battery has been filled."""
EMPTY = 0.01
"""Share of its rating below which what a battery's management still lets it give counts as nothing: used up. The count
stands at some per cent then, as the weakest cell of thousands is empty before all others are."""
COUNTED_EMPTY = 0.01
"""Charge as counted below which a battery is used up too: its weakest cell under load had come down to where its
management counts it empty, and the site stops there before the limit does."""
CELL_ALARMS = ("battery-protection", "cells-silent", "data-missing")
WEATHER = {"ambient_january": '"8 °C"', "ambient_july": '"30 °C"', "day_swing": '"8 °C"'}
"""Of a container whose heating and cooling do little."""


def let_loose(text: str) -> str:
    """The site with its battery's whole charge in use, through seasons; little is kept of the raw rows."""
    text = with_key(with_key(text, "battery.b1", "soc_min = 0.0"), "battery.b1", "soc_max = 1.0")
    text = text.replace("soc = 0.1", "soc = 0.0")
    for key, value in WEATHER.items():
        text = text if f"\n{key} = " in text else with_key(text, "twin", f"{key} = {value}")
    for line in (
        'hold = "60 s"',
        'cells_every = "1 h"',
        'keep_raw = "1 d"',
        'keep_cells = "1 d"',
        'keep_decisions = "1 d"',
    ):
        text = with_key(text, "history", line)
    return text


@dataclass
class Extremes:
    """The least and the most that something was."""

    low: float = inf
    high: float = -inf

    def see(self, low: float, high: float | None = None) -> None:
        self.low, self.high = min(self.low, low), max(self.high, low if high is None else high)

    def __str__(self) -> str:
        return f"{self.low:.3g} to {self.high:.3g}"


@dataclass
class Tale:
    """What happened over any number of days; one that is put together of several runs adds up."""

    days: float = 0.0
    alarms: Counter[str] = field(default_factory=Counter)
    """By kind."""
    told: dict[str, str] = field(default_factory=dict)
    """The first of each kind, with its moment."""
    soc: Extremes = field(default_factory=Extremes)
    """As counted by the battery's own management."""
    soc_truth: Extremes = field(default_factory=Extremes)
    cell_v: Extremes = field(default_factory=Extremes)
    cell_degc: Extremes = field(default_factory=Extremes)
    ambient_degc: Extremes = field(default_factory=Extremes)
    fault_bits: int = 0
    used_up_days: int = 0
    """On which its management let it give no more, or had counted it down to empty."""
    full_days: int = 0
    """On which it was both used up and filled."""
    money: dict[str, float] = field(default_factory=dict)
    """What the batteries saved, by local month."""
    energies_wh: Counter[str] = field(default_factory=Counter)
    """In truth, each never negative."""
    worst_balance: float = 0.0
    """Of the site's energies and of the battery's, as a share of what flowed."""
    recorded_off: float = 0.0
    """By how much the record's energies differ from the meter's counters, as a share."""

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.days:g} days: {self.alarms.total()} alarms, {self.alarms.total() / self.days:.3f} a day"
        yield from (f"  {kind}: {count}; first {self.told[kind]}" for kind, count in self.alarms.most_common())
        yield f"charge as counted {self.soc}, in truth {self.soc_truth}"
        yield f"used up on {self.used_up_days} days, filled as well on {self.full_days} of them"
        yield f"cells {self.cell_v} V, {self.cell_degc} degC; around them {self.ambient_degc} degC"
        yield f"fault bits of the battery management: {self.fault_bits}"
        yield "energies [MWh]: " + ", ".join(f"{name} {wh / 1e6:.4g}" for name, wh in self.energies_wh.items())
        yield f"balances closed to {self.worst_balance:.1e}; the record is off by {self.recorded_off:.2%}"
        yield "saved: " + ", ".join(f"{month} {money:.0f}" for month, money in sorted(self.money.items()))
        yield f"saved in all: {sum(self.money.values()):.0f}"


class Teller:
    """Watches one run and adds it to a tale. Somebody answers all alarms every morning at eight."""

    def __init__(self, ins: Inside, tale: Tale) -> None:
        self.ins, self.tale = ins, tale
        self.start = ins.twin.truth()
        self.from_t = ins.clock.now()
        self._before = energies_wh(ins.twin)
        self._day, self._span, self._used_up = Today(), Extremes(), False
        self._nothing_w = EMPTY * ins.site.battery("b1").converter.power_w
        self._morning = ""
        ins.station.listen(self.moment)
        ins.station.alarms.listen(self.changed)

    def changed(self, changes: Sequence[AlarmChange]) -> None:
        """Whatever begins to stand, or becomes more urgent, calls somebody."""
        for change in changes:
            if change.kind in RAISING:
                kind = change.alarm.key.split(":")[0]
                self.tale.alarms[kind] += 1
                at = change.alarm.set_time.astimezone(self.ins.site.zone)
                self.tale.told.setdefault(kind, f"{at:%m-%d %H:%M} {change.alarm.condition.text.en}")

    def moment(self, moment: Moment) -> None:
        """After every cycle."""
        today, battery = moment.today, self.ins.twin.batteries["b1"]
        if today.day != self._day.day:
            self._day_over()
        self._day = today
        reading = moment.snapshot.readings.battery["b1"]
        assert reading.stamp("soc").quality is Quality.GOOD
        self._span.see(reading.soc)
        self._used_up |= reading.discharge_limit_w < self._nothing_w or reading.soc < COUNTED_EMPTY
        self.tale.cell_v.see(reading.cell_voltage_min_v, reading.cell_voltage_max_v)
        self.tale.cell_degc.see(reading.cell_temperature_min_degc, reading.cell_temperature_max_degc)
        self.tale.ambient_degc.see(battery.ambient_degc)
        self.tale.fault_bits |= battery.bms.fault_bits
        local = moment.snapshot.time.astimezone(self.ins.site.zone)
        if local.hour == 8 and self._morning != today.day:
            self._morning = today.day
            for alarm in self.ins.station.alarms.active():
                self.ins.station.alarms.acknowledge(alarm.id, "the morning shift", moment.snapshot.time)

    def _day_over(self) -> None:
        tale, day = self.tale, self._day
        if not day.day:
            return
        tale.soc.see(self._span.low, self._span.high)
        tale.used_up_days += self._used_up
        tale.full_days += self._used_up and self._span.high > FULL
        tale.money[day.day[:7]] = tale.money.get(day.day[:7], 0.0) + (day.money or 0.0)
        truth = self.ins.twin.truth().battery["b1"]
        tale.soc_truth.see(float(truth.cell_soc.min()), float(truth.cell_soc.max()))
        self._span, self._used_up = Extremes(), False

    def end(self) -> None:
        """Take down what only the whole run can tell."""
        self._day_over()
        tale, after = self.tale, energies_wh(self.ins.twin)
        flowed = {name: after[name] - self._before[name] for name in after}
        tale.energies_wh.update(flowed)
        tale.days += (self.ins.clock.now() - self.from_t).total_seconds() / DAY_S
        out_wh = flowed["import"] + flowed["solar"] + flowed["wind"] + flowed["discharged"]
        tale.worst_balance = max(
            tale.worst_balance,
            abs(out_wh - sum(flowed[name] for name in ("export", "load", "charged", "auxiliaries"))) / out_wh,
            *battery_balances(self.ins.twin, self.start),
        )
        assert self.ins.station.record.flush(300.0)
        recorded = self.ins.station.record.energy("grid.power_w", self.from_t, self.ins.clock.now())
        off_wh = abs(recorded.out_wh - flowed["import"]) + abs(recorded.in_wh - flowed["export"])
        tale.recorded_off = max(tale.recorded_off, off_wh / (flowed["import"] + flowed["export"]))


def energies_wh(twin: Twin) -> dict[str, float]:
    """What has flowed since the twin began, in truth."""
    gate, book = twin.gate.newest, [battery.energies for battery in twin.batteries.values()]
    return {
        "import": gate.energy_out_wh,
        "export": gate.energy_in_wh,
        "solar": sum(source.generated_wh for source in twin.solar.values()),
        "wind": sum(source.generated_wh for source in twin.wind.values()),
        "load": sum(load.consumed_wh for load in twin.loads.values()),
        "charged": sum(one.charged_j for one in book) / 3600.0,
        "discharged": sum(one.discharged_j for one in book) / 3600.0,
        "auxiliaries": sum(one.auxiliary_j for one in book) / 3600.0,
    }


def battery_balances(twin: Twin, start: object) -> Iterator[float]:
    """How far the books of each battery are from closing, as a share of what went through it."""
    now = twin.truth()
    for name, battery in now.battery.items():
        book, before = battery.energies, start.battery[name]  # type: ignore[attr-defined]
        through_j = 1.0 + book.discharged_j + book.charged_j + book.joule_j
        stored_j, warmed_j = battery.stored_j - before.stored_j, battery.warmth_j - before.warmth_j
        yield abs(book.discharged_j - book.charged_j + book.converter_loss_j - book.dc_j) / through_j
        yield abs(stored_j + book.link_j + book.dc_j + book.joule_j) / through_j
        yield abs(book.heat_j - book.cooled_j - warmed_j) / through_j


@contextmanager
def year(folder: Path, site: str, start: str, period_s: float) -> Iterator[Inside]:
    """The site, let loose, at a local midnight."""
    with inside(configured(folder, site, let_loose), start, period_s) as ins:
        yield ins


def tell(
    tale: Tale, folder: Path, site: str, start: datetime, days: int, period_s: float,
    progress: Callable[[float], None] = lambda done: None,
) -> None:  # fmt: skip
    """Run so many days from a local midnight, and add them to the tale."""
    folder.mkdir(parents=True, exist_ok=True)
    with year(folder, site, start.isoformat(), period_s) as ins:
        teller = Teller(ins, tale)
        for day in range(days):
            ins.run(DAY_S)
            progress((day + 1) / days)
        teller.end()


def of_every_month(days: int = 1) -> Iterator[datetime]:
    """The first of some days in the middle of each month of a year, a workday first and a Saturday in every second."""
    for month in range(1, 13):
        day = datetime(2026, month, 14)  # noqa: DTZ001 the site's own wall clock
        wanted = (1, 5)[month % 2]
        yield day + timedelta(days=(wanted - day.weekday()) % 7)

"""From days of digests to cells with a kind, a date and their evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leyden.bms.watch.digest import Digest
from leyden.bms.watch.finding import Evidence, Finding, StringFigures, WatchReport
from leyden.bms.watch.frames import mean_known, row_median
from leyden.bms.watch.kind import Kind
from leyden.bms.watch.onset import Onset, onset
from leyden.bms.watch.outliers import ALPHA, RECENT, Standing, outermost, standing, threshold
from leyden.model.readings import Floats

ALARM_V = 0.080
"""A common first warning on the difference of cell voltages between the knees."""
_NAMING = ("resistance_ohm", "offset_v", "low_soc", "span_soc")
"""What a cell is named for; near full an LFP cell that lacks charge tells its sign and no more."""
_TESTS = 12
"""Level, change and pace of four quantities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """What is asked of a watch, and what is too little to speak of."""

    alarm_v: float = ALARM_V
    alpha: float = ALPHA
    """Chance that a healthy system names anybody."""
    least_v: float = 0.003
    """Smaller deviations are not named, however sharp: rounding and sensors make them."""
    least_soc: float = 0.015
    """The same of charge."""
    least_at_current_v: float = 0.002
    """The same of what a resistance does at the day's large current."""


@dataclass(frozen=True, eq=False)
class _Quantity:
    """One number of the digest over the days, and how far out each cell is by level, change and pace, (cells,).

    Those that are too small to speak of, or that others surpass, are 0.
    """

    name: str
    stood: Standing
    level: Floats
    moved: Floats
    pace: Floats
    limit: float

    def distance(self, cell: int) -> float:
        """The largest of the three."""
        return max(abs(float(z[cell])) for z in (self.level, self.moved, self.pace))

    def sharp(self, cell: int) -> float:
        """Distance over limit; above 1 the cell is named."""
        return self.distance(cell) / self.limit

    def evidence(self, cell: int) -> Evidence:
        """As people are told."""
        usual = 1.4826 * float(row_median(np.abs(self.stood.now)[None, :])[0])
        now, change = float(self.stood.now[cell]), float(self.stood.change[cell])
        return Evidence(self.name, now, change, usual, self.distance(cell), self.limit)


Quantities = dict[str, _Quantity]


def watch(strings: Sequence[Sequence[Digest]], options: WatchOptions | None = None) -> WatchReport:
    """All cells that stand out in these strings, each a sequence of days in order; the sharpest first."""
    chosen = options or WatchOptions()
    everywhere = sum(len(days[0].rest_v) for days in strings if days)
    found: list[Finding] = []
    figures: list[StringFigures] = []
    for number, days in enumerate(strings):
        if days:
            quantities = _quantities(days, everywhere, chosen)
            found += _string_findings(number, days, quantities, chosen)
            figures.append(_figures(number, days))
    return WatchReport(tuple(sorted(found, key=lambda one: -one.score)), tuple(figures))


def _quantities(days: Sequence[Digest], everywhere: int, options: WatchOptions) -> Quantities:
    when = np.array([float(day.day) for day in days])
    cells = len(days[0].rest_v)
    limit = threshold(cells, everywhere, _TESTS, options.alpha)
    large_a = np.nanmedian([day.current_a for day in days]) if any(day.current_a > 0.0 for day in days) else np.nan
    tried = (
        ("resistance_ohm", [day.resistance_ohm for day in days], options.least_at_current_v / large_a),
        ("offset_v", [day.offset_v for day in days], options.least_v),
        ("low_soc", [day.low_soc for day in days], options.least_soc),
        ("high_soc", [day.high_soc for day in days], options.least_soc),
        ("span_soc", [day.high_soc - day.low_soc for day in days], options.least_soc),
        ("top_v", [day.top_v for day in days], options.least_v),
    )
    found: Quantities = {}
    for name, rows, least in tried:
        stood = standing(when, np.stack(rows))
        if stood is not None:
            found[name] = _quantity(name, stood, limit, least)
    return found


def _quantity(name: str, stood: Standing, limit: float, least: float) -> _Quantity:
    drift = stood.drift * (float(np.ptp(stood.days)) + 1.0)
    sizes = ((stood.level, stood.now), (stood.moved, stood.change), (stood.pace, drift))
    level, moved, pace = (np.where((np.abs(size) >= least) & outermost(size), z, 0.0) for z, size in sizes)
    return _Quantity(name, stood, level, moved, pace, limit)


def _string_findings(
    number: int, days: Sequence[Digest], quantities: Quantities, options: WatchOptions
) -> list[Finding]:
    has_curve = any(name in quantities for name in ("low_soc", "high_soc"))
    found = []
    for cell in range(len(days[0].rest_v)):
        named = {name: q.sharp(cell) for name, q in quantities.items() if q.sharp(cell) > 1.0 and name in _NAMING}
        if not named:
            continue
        kind, name = _kind(cell, quantities, named, has_curve)
        if kind is not None:
            found.append(_finding(number, cell, kind, name, days, quantities, named, options))
    return found


def _kind(cell: int, quantities: Quantities, named: dict[str, float], has_curve: bool) -> tuple[Kind | None, str]:
    """The strongest story for a cell: the sharpest quantity decides of what family it is, its shape what exactly."""
    for name in sorted(named, key=lambda one: -named[one]):
        quantity = quantities[name]
        if name == "resistance_ohm":
            return _resistive(cell, quantity), name
        if name == "offset_v" and has_curve:
            if (
                "low_soc" in named
            ):  # charge that leaks away shows on the plateau, too; no sensor shows at the knee alone
                continue
            return Kind.OFFSET, name
        if name in ("low_soc", "high_soc", "span_soc", "offset_v"):
            kind = _charged(cell, quantities, quantity)
            if kind is not None:
                return kind, name
    return None, ""


def _resistive(cell: int, quantity: _Quantity) -> Kind | None:
    """A joint lets go and stays so; a cell's resistance grows. One that is better than others is no finding."""
    story = onset(quantity.stood.days, quantity.stood.value[:, cell])
    now, change = float(quantity.stood.now[cell]), float(quantity.stood.change[cell])
    if max(now, change) <= 0.0:
        return None
    return Kind.RESISTANCE if story.shape == "ramp" else Kind.JOINT


def _charged(cell: int, quantities: Quantities, quantity: _Quantity) -> Kind | None:
    """Charge that is missing: at both ends it has leaked away; near empty alone, the cell is small."""
    if quantity.name == "span_soc" and _signed(cell, quantity) < 0.0:
        return None  # more capacity than the others is no fault
    moves = _moves(cell, quantity)
    falls = _signed(cell, quantity) < 0.0 or quantity.name == "span_soc"
    span = quantities.get("span_soc")
    if span is not None and span.sharp(cell) > 1.0 and not _lacks_at_top(cell, quantities, moves):
        return Kind.CAPACITY if _signed(cell, span) > 0.0 else None
    if not moves:
        return Kind.IMBALANCE
    if _comes_back(cell, quantity):
        return None
    return Kind.SELF_DISCHARGE if falls else Kind.SURPLUS


def _lacks_at_top(cell: int, quantities: Quantities, moves: bool) -> bool:
    """Whether the cell falls behind near full, too (or, where nothing moves, stands behind)."""
    top = quantities.get("top_v")
    if top is None:
        return False
    return (top.stood.trend(cell) if moves else float(top.stood.now[cell])) < 0.0


def _comes_back(cell: int, quantity: _Quantity) -> bool:
    """A cell that was apart and joins the others, as balancing makes it, is no finding."""
    now, change = float(quantity.stood.now[cell]), float(quantity.stood.change[cell])
    if _rebalanced(cell, quantity):
        return now * float(quantity.stood.drift[cell]) <= 0.0
    return abs(now) < abs(now - change)


def _moves(cell: int, quantity: _Quantity) -> bool:
    """Whether it stood elsewhere once, or is on its way."""
    return quantity.pace[cell] != 0.0 or onset(quantity.stood.days, quantity.stood.z[:, cell]).shape != "steady"


def _signed(cell: int, quantity: _Quantity) -> float:
    """The sharpest of level, change and pace, with its sign."""
    tests = (float(z[cell]) for z in (quantity.level, quantity.moved, quantity.pace))
    return max(tests, key=abs)


def _finding(
    number: int,
    cell: int,
    kind: Kind,
    name: str,
    days: Sequence[Digest],
    quantities: Quantities,
    named: dict[str, float],
    options: WatchOptions,
) -> Finding:
    quantity = quantities[name]
    if kind is Kind.SELF_DISCHARGE and "low_soc" in quantities:
        quantity = quantities["low_soc"]  # on a plateau the upper end tells only that charge is missing
    story = onset(quantity.stood.days, quantity.stood.z[:, cell])
    first, last = days[0].day, days[-1].day
    recent = days[-RECENT:]
    worst_v = float(row_median(np.array([[day.worst_v[cell] for day in recent]]))[0])
    others = sorted((one for one in named if one != name), key=lambda one: -named[one])
    began = None if story.day is None else int(story.day)
    return Finding(
        string=number,
        cell=cell,
        kind=kind,
        score=named[name],
        evidence=tuple(quantities[one].evidence(cell) for one in (name, *others)),
        shape=story.shape,
        onset_day=began,
        last_day=last,
        since_days=last - (first if began is None else began) + 1,
        rest_v=_lately(cell, [day.rest_v for day in recent]),
        charge_v=_lately(cell, [day.charge_v for day in recent]),
        discharge_v=_lately(cell, [day.discharge_v for day in recent]),
        worst_v=worst_v,
        alarm_v=options.alarm_v,
        days_to_alarm=_days_to_alarm(cell, days, story, worst_v, options.alarm_v),
        rebalanced=_rebalanced(cell, quantity),
        warmer_k=_lately(cell, [day.warmer_k for day in recent]),
    )


def _lately(cell: int, rows: Sequence[Floats]) -> float:
    return float(mean_known(np.array([[row[cell]] for row in rows]))[0])


def _days_to_alarm(cell: int, days: Sequence[Digest], story: Onset, worst_v: float, alarm_v: float) -> float | None:
    """By the pace of the daily worst deviation since it began."""
    if abs(worst_v) >= alarm_v:
        return 0.0
    since = [day for day in days if story.day is None or day.day >= story.day]
    if story.shape != "ramp" or len(since) < 2 * RECENT:
        return None
    when = np.array([float(day.day) for day in since])
    size = np.sign(worst_v) * np.array([day.worst_v[cell] for day in since])
    per_day = float(np.polyfit(when - when[-1], size, 1)[0])
    left_days = (alarm_v - abs(worst_v)) / per_day if per_day > 0.0 else np.inf
    return left_days if left_days < 3650.0 else None


def _rebalanced(cell: int, quantity: _Quantity) -> bool:
    """It moves from day to day, and yet stands where it began."""
    paced = abs(float(quantity.pace[cell])) > quantity.limit
    return paced and abs(float(quantity.moved[cell])) < quantity.limit


def _figures(number: int, days: Sequence[Digest]) -> StringFigures:
    rests = [np.stack([day.rest_v for day in part]) for part in (days[:RECENT], days[-RECENT:])]
    before, now = (mean_known(rest) for rest in rests)
    centred = np.abs(now - row_median(now[None, :])[0])
    spread, spread_before = (_spread(values) for values in (now, before))
    usual_v = 1.4826 * float(row_median(centred[None, :])[0])
    return StringFigures(number, len(now), len(days), spread, spread_before, usual_v)


def _spread(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.ptp(known)) if known.size else np.nan

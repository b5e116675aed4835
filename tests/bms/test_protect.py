"""Every rule fires once, at its time, and clears at its value; nan trips; racks open in order and in time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from leyden.bms import FaultBits, Level, reset
from leyden.bms.derate import Source
from leyden.bms.interlocks import NO_EFFECTS
from leyden.bms.judge import LEVEL
from leyden.bms.protect import guarded, new_guard
from leyden.bms.protection import QUANTITIES, Action, Clears, Quantity, When
from tests.bms.packs import CELL, LAYOUT, LIMITS, RACKS, TABLE, after, fresh, seen

ROWS = pytest.mark.parametrize(
    "row", range(len(TABLE.rows)), ids=[f"{f.name}-{r.level.name}-{r.set:g}" for f, r in TABLE.rows]
)
OPENS = pytest.mark.parametrize("row", [k for k, (_, rule) in enumerate(TABLE.rows) if rule.action >= Action.OPEN],
    ids=[f"{f.name}-{r.set:g}" for f, r in TABLE.rows if r.action >= Action.OPEN])  # fmt: skip
STILL = np.zeros(RACKS)


def healthy():
    """A healthy value of every quantity, (QUANTITIES, rack)."""
    values = np.zeros((QUANTITIES, RACKS))
    usual = {
        Quantity.CELL_VOLTAGE_MAX_V: 3.31, Quantity.CELL_VOLTAGE_MIN_V: 3.30, Quantity.CELL_TEMPERATURE_MAX_DEGC: 26.0,
        Quantity.CELL_TEMPERATURE_MIN_DEGC: 24.0, Quantity.RACK_VOLTAGE_PER_CELL_V: 3.3, Quantity.SOC: 0.5,
        Quantity.CELL_SPREAD_V: -0.01, Quantity.MODULE_SPREAD_V: -0.01, Quantity.INSULATION_OHM_PER_V: 5e4,
        Quantity.POLE_TEMPERATURE_DEGC: 25.0, Quantity.CONNECTOR_TEMPERATURE_DEGC: 25.0,
    }  # fmt: skip
    for quantity, value in usual.items():
        values[quantity] = value
    return values


def at(row, value):
    """Rack 1 with a rule's quantity at a value, in the direction that it needs; the others healthy."""
    family, _ = TABLE.rows[row]
    values = healthy()
    if family.when == When.CHARGING:
        values[Quantity.CHARGE_SHARE, 0] = 0.5
    if family.when == When.DISCHARGING:
        values[Quantity.DISCHARGE_SHARE, 0] = 0.5
    values[family.watches, 0] = value
    return values


def beyond(row, by=1e-6):
    """A value just beyond a rule's set (below it for a negative `by`), and one just within its clear."""
    family, rule = TABLE.rows[row]
    sign = 1.0 if family.above else -1.0
    return rule.set + sign * by, rule.clear - sign * 1e-6


def run(guard, values, seconds, dt_s=0.1, current_a=STILL):
    """The guard after some time, and at how many steps each rule began to stand on rack 1."""
    began = np.zeros(len(TABLE.rows), dtype=int)
    verdict = None
    for _ in range(round(seconds / dt_s)):
        before = guard.standing[:, 0]
        guard, verdict = guarded(guard, LIMITS, values, current_a, NO_EFFECTS, dt_s)
        began += guard.standing[:, 0] & ~before
    return guard, began, verdict


def new():
    return new_guard(len(TABLE.rows), RACKS, closed=True)


def test_there_are_the_18_families_at_their_levels():
    of_cells = [family for family in TABLE.families if family.watches not in (
        Quantity.MISSING, Quantity.SUM_DIFFERENCE_V, Quantity.LINK_AGE_S, Quantity.SYSTEM_AGE_S,
        Quantity.BEYOND_LIMIT_SHARE, Quantity.CONTACTOR_WRONG, Quantity.RUNAWAY)]  # fmt: skip
    assert len(of_cells) == 18
    for family in of_cells:
        levels = {rule.level for rule in family.rules}
        assert {Level.WARN, Level.ALARM} <= levels
        assert Level.TRIP in levels or family.watches == Quantity.SOC, "the count of charge opens nothing"


@ROWS
def test_at_its_value_a_rule_is_kept(row):
    _, rule = TABLE.rows[row]
    guard, _, _ = run(new(), at(row, rule.set), max(30.0, 2 * rule.delay_s), dt_s=1.0)
    assert not guard.standing[row, 0]


@ROWS
def test_beyond_its_value_it_fires_once_at_its_time(row):
    family, rule = TABLE.rows[row]
    value, _ = beyond(row)
    start, began, _ = run(new(), at(row, value), max(rule.delay_s - 0.5, 0.0), dt_s=0.5)
    early, more, _ = run(start, at(row, value), max(min(rule.delay_s, 0.5) - 0.1, 0.0))
    began += more
    assert not early.standing[row, 0]
    soon, at_once, _ = run(early, at(row, value), 0.3)
    assert soon.standing[row, 0]
    late, more, verdict = run(soon, at(row, value), 60.0, dt_s=1.0)
    assert late.standing[row, 0]
    assert (began + at_once + more)[row] == 1
    assert verdict[LEVEL, 0] >= rule.level
    assert not late.standing[:, 1:].any(), "healthy racks are left alone"
    if rule.action >= Action.OPEN:
        assert late.latched[0] & rule.bit == rule.bit
    if rule.action < Action.STOP:
        hardest = max(r.action for f, r in TABLE.rows if f is family and (r.set == rule.set))
        assert hardest > Action.BLOCK or not verdict[0, 0]


@ROWS
def test_it_clears_at_its_value_and_not_before(row):
    family, rule = TABLE.rows[row]
    value, clear = beyond(row)
    standing, _, _ = run(new(), at(row, value), rule.delay_s + 1.0, dt_s=1.0)
    assert standing.standing[row, 0]
    if rule.set != rule.clear:
        between = 0.5 * (rule.set + rule.clear)
        held, began, _ = run(standing, at(row, between), rule.delay_s + 60.0, dt_s=0.5)
        assert held.standing[row, 0]
        assert began[row] == 0
    rested = at(row, clear)
    rested[Quantity.CHARGE_SHARE, 0] = rested[Quantity.DISCHARGE_SHARE, 0] = 0.0
    if family.watches in (Quantity.CHARGE_SHARE, Quantity.DISCHARGE_SHARE):
        rested = at(row, clear)
    whole, _, _ = run(standing, rested, rule.delay_s + 1.0, dt_s=1.0)
    assert not whole.standing[row, 0]


@ROWS
def test_a_value_that_nobody_knows_is_wrong(row):
    guard, _, _ = run(new(), at(row, np.nan), TABLE.rows[row][1].delay_s + 1.0, dt_s=0.5)
    assert guard.standing[row, 0]


@ROWS
def test_long_steps_and_short_ones_agree_to_a_step(row):
    _, rule = TABLE.rows[row]
    value, _ = beyond(row)
    for dt_s in (0.5, 1.0, 60.0):
        elapsed, guard = 0.0, new()
        while not guard.standing[row, 0]:
            guard, _ = guarded(guard, LIMITS, at(row, value), STILL, NO_EFFECTS, dt_s)
            elapsed += dt_s
            assert elapsed <= rule.delay_s + dt_s + 1e-6
        assert elapsed >= rule.delay_s - 1e-6


def test_a_rule_for_charging_begins_only_while_charging_and_ends_by_its_value():
    (row,) = [
        k for k, (f, r) in enumerate(TABLE.rows) if f.name == "charge-undertemperature" and r.level is Level.ALARM
    ]
    resting = at(row, -5.0)
    resting[Quantity.CHARGE_SHARE, 0] = 0.0
    assert not run(new(), resting, 60.0)[0].standing[row, 0]
    stands, _, _ = run(new(), at(row, -5.0), 60.0)
    assert run(stands, resting, 60.0)[0].standing[row, 0], "no chatter: that nobody charges is the alarm's own doing"


def test_a_short_spike_does_not_fire_but_spikes_add_up():
    (row,) = [k for k, (f, r) in enumerate(TABLE.rows) if f.name == "cell-overvoltage" and r.set == 3.65]
    guard, _, _ = run(new(), at(row, 3.66), 0.9)
    apart, _, _ = run(run(guard, healthy(), 1.0)[0], at(row, 3.66), 0.9)
    assert not apart.standing[row, 0]
    close, _, _ = run(run(guard, healthy(), 0.3)[0], at(row, 3.66), 0.5)
    assert close.standing[row, 0]


@OPENS
def test_from_level_3_to_an_open_contactor_within_its_bound(row):
    """Under load that does not go, at any step: the rule's delay, the wait for the current, and one step."""
    _, rule = TABLE.rows[row]
    value, _ = beyond(row)
    stubborn = np.full(RACKS, 100.0)
    for dt_s in (0.1, 1.0):
        guard, elapsed = new(), 0.0
        while guard.closed[0]:
            guard, _ = guarded(guard, LIMITS, at(row, value), stubborn, NO_EFFECTS, dt_s)
            elapsed += dt_s
            assert elapsed <= rule.delay_s + LIMITS.open_wait_s + dt_s + 1e-6
        assert guard.closed.tolist() == [False, True, True]


@OPENS
def test_who_may_close_it_again(row):
    _, rule = TABLE.rows[row]
    value, _ = beyond(row)
    opened, _, _ = run(new(), at(row, value), rule.delay_s + 5.0)
    assert not opened.closed[0]
    ways = [r.clears for f, r in TABLE.rows if r.action >= Action.OPEN and opened.clears[0] <= r.clears and r is rule]
    rested, _, _ = run(opened, healthy(), LIMITS.heal_s + rule.delay_s + 61.0, dt_s=0.5)
    assert bool(rested.latched[0]) is (max(int(opened.clears[0]), *map(int, ways), 0) > Clears.ITSELF)


def test_a_contactor_waits_a_little_for_the_current_to_go():
    under_load = seen(low_v=[2.6, 3.3, 3.3], current_a=100.0)
    waiting = after(fresh(), under_load, 2)
    assert waiting.closed.all()
    assert waiting.discharge_limit_w == waiting.charge_limit_w == 0.0
    assert waiting.charge_by.source is Source.OPENING
    assert after(waiting, seen(low_v=[2.6, 3.3, 3.3]), 1).closed.tolist() == [False, True, True]
    assert after(waiting, under_load, LIMITS.open_wait_s).closed.tolist() == [False, True, True]


def test_at_a_hard_limit_it_does_not_wait():
    assert not after(fresh(), seen(low_v=[1.9, 3.3, 3.3], current_a=100.0), 1).closed[0]


def test_a_rack_heals_by_itself_and_joins_again():
    opened = after(fresh(), seen(low_v=[2.6, 3.3, 3.3]), 10)
    assert opened.fault_bits == FaultBits.CELL_UNDERVOLTAGE
    assert not opened.closed[0]
    assert after(opened, seen(), LIMITS.heal_s + 20).closed.all()


def test_after_so_many_trips_a_rack_is_left_to_a_person():
    bms = fresh()
    for trip in range(LIMITS.trips_before_lock):
        assert bms.closed[0], trip
        bms = after(bms, seen(low_v=[2.6, 3.3, 3.3]), 10)
        bms = after(bms, seen(), LIMITS.heal_s + 20)
    assert not bms.closed[0]
    assert bms.fault_bits & FaultBits.LOCKED
    assert after(reset(bms, LIMITS), seen(), 20).closed.all()


def test_a_person_resets_and_what_is_still_wrong_trips_again():
    latched = after(fresh(), seen(high_v=[3.8, 3.3, 3.3]), 5)
    assert after(latched, seen(), 300).fault_bits
    forgotten = reset(latched, LIMITS)
    assert forgotten.fault_bits == 0
    assert after(forgotten, seen(high_v=[3.8, 3.3, 3.3]), 1).fault_bits
    assert after(forgotten, seen(), 10).closed.all()


def test_a_cell_that_was_below_two_volts_is_locked_out():
    locked = after(after(fresh(), seen(low_v=[1.9, 3.3, 3.3]), 5), seen(), 300)
    assert reset(locked, LIMITS).fault_bits & FaultBits.CELL_UNDERVOLTAGE_HARD
    assert not after(reset(locked, LIMITS), seen(), 300).closed[0]
    assert after(reset(locked, LIMITS, service=True), seen(), 20).closed.all()


SHOWN: dict[str, dict[str, Any]] = {
    "cell-overvoltage": {"high_v": 3.70}, "cell-undervoltage": {"low_v": 2.6},
    "rack-overvoltage": {"voltage_v": 3.66 * LAYOUT.series}, "rack-undervoltage": {"voltage_v": 2.6 * LAYOUT.series},
    "charge-overcurrent": {"current_a": -1.3 * CELL.current_max_a},
    "discharge-overcurrent": {"current_a": 1.3 * CELL.current_max_a},
    "charge-overtemperature": {"hot": 56.0, "cold": 52.0, "current_a": -20.0},
    "charge-undertemperature": {"cold": -1.0, "hot": 1.0, "current_a": -20.0},
    "discharge-overtemperature": {"hot": 61.0, "cold": 57.0},
    "discharge-undertemperature": {"cold": -21.0, "hot": -20.0, "current_a": 20.0},
    "pole-temperature": {"pole_temperature_degc": np.full(RACKS, 85.0)},
    "connector-temperature": {"connector_temperature_degc": np.full(RACKS, 95.0)},
    "insulation": {"insulation_ohm": np.full(RACKS, 90.0 * 3.3 * LAYOUT.series)},
    "cell-spread": {"low_v": 2.95, "usual_v": 3.3}, "rack-spread": {"voltage_v": [1270.0, 1270.0, 1240.0]},
    "cell-temperature-spread": {"cold": 10.0, "hot": 22.0}, "harness": {"low_v": np.nan},
    "rack-link": {"link_age_s": np.full(RACKS, 6.0)}, "system-link": {"system_age_s": 601.0},
    "contactor": {"contactor_closed": np.zeros(RACKS)},
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_sensors_show_opens_for_the_right_reason(name):
    (family,) = [family for family in TABLE.families if family.name == name]
    trips = [rule.bit for rule in family.rules if rule.action >= Action.OPEN]
    bms = after(fresh(), seen(**SHOWN[name]), 70)
    assert bms.fault_bits & trips[0]
    assert not bms.closed.all()


def test_no_nan_of_any_sensor_leaves_a_rack_closed():
    for what in ("low_v", "high_v", "cold", "hot", "current_a", "voltage_v"):
        assert not after(
            fresh(), seen(**{what: [np.nan, 3.3, 3.3] if what.endswith("_v") and what != "voltage_v" else np.nan}), 15
        ).closed[0], what
    for what in (
        "insulation_ohm",
        "pole_temperature_degc",
        "connector_temperature_degc",
        "link_age_s",
        "contactor_closed",
    ):
        assert not after(fresh(), seen(**{what: np.full(RACKS, np.nan)}), 15).closed[0], what
    assert not after(fresh(), seen(system_age_s=np.nan), 15).closed.any()


def test_a_converter_that_goes_on_at_zero_limits_is_told_then_cut():
    """It charges on although the highest cell allows nothing."""
    bms = fresh()
    limits = replace(LIMITS, charge_by_voltage=LIMITS.charge_by_voltage)
    full = seen(high_v=3.545, current_a=-20.0)
    told = after(bms, full, 12, limits=limits)
    assert told.level is Level.WARN
    assert told.closed.all()
    stopped = after(told, full, 10)
    assert stopped.level is Level.ALARM
    assert stopped.discharge_limit_w == 0.0
    assert not after(stopped, full, 30).closed.any()
    assert after(stopped, full, 30).fault_bits & FaultBits.NOT_OBEYED

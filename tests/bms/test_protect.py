"""Every rule of the table trips, latches, opens and heals; nan trips."""

import numpy as np
import pytest

from leyden.bms import FaultBits, advance, reset
from leyden.bms.limits import COLD_CHARGING, COLD_DISCHARGING, CURRENT, HIGH_V, HOT_ALWAYS, HOT_CHARGING, LOW_V
from tests.bms.test_management import CELL, LIMITS, TABLE, after, fresh, seen

CHARGING, DISCHARGING = -20.0, 20.0


def shown(rule, value):
    """Sensors that show a rule's quantity at a value, on the first rack alone."""
    if rule.watched == HIGH_V:
        return seen(high_v=[value, 3.31, 3.31])
    if rule.watched == LOW_V:
        return seen(low_v=[-value, 3.3, 3.3])
    if rule.watched == HOT_CHARGING:
        return seen(hot=[value, 26.0, 26.0], current_a=CHARGING)
    if rule.watched == HOT_ALWAYS:
        return seen(hot=[value, 26.0, 26.0])
    if rule.watched == COLD_CHARGING:
        return seen(cold=[-value, 24.0, 24.0], current_a=CHARGING)
    if rule.watched == COLD_DISCHARGING:
        return seen(cold=[-value, 24.0, 24.0], current_a=DISCHARGING)
    assert rule.watched == CURRENT
    return seen(current_a=[value * CELL.current_max_a, 0.0, 0.0])


RULES = pytest.mark.parametrize("rule", LIMITS.protections, ids=lambda rule: rule.bit.name)


@RULES
def test_at_its_value_a_rule_is_kept(rule):
    assert not after(fresh(), shown(rule, rule.trip), 30).fault_bits & rule.bit


@RULES
def test_beyond_its_value_a_rule_trips_after_its_delay_and_the_rack_opens_in_time(rule):
    beyond = shown(rule, rule.trip + 1e-6)
    before = after(fresh(), beyond, rule.delay_s - 0.1, dt_s=0.1)
    assert not before.fault_bits & rule.bit
    tripped = after(before, beyond, 0.2, dt_s=0.1)
    assert tripped.fault_bits & rule.bit
    assert tripped.charge_limit_w == tripped.discharge_limit_w == 0.0 or not tripped.closed[0]
    opened = after(tripped, beyond, LIMITS.open_wait_s, dt_s=0.1)
    assert opened.closed.tolist() == [False, True, True]


@RULES
@pytest.mark.parametrize("dt_s", [0.1, 1.0, 60.0])
def test_long_steps_trip_too(rule, dt_s):
    assert after(fresh(), shown(rule, rule.trip + 1e-6), 120.0, dt_s=dt_s).fault_bits & rule.bit


@RULES
def test_a_sensor_that_says_nothing_trips(rule):
    assert after(fresh(), shown(rule, np.nan), 30).fault_bits & rule.bit


@RULES
def test_healthy_for_a_while_it_closes_again_unless_a_person_must(rule):
    open_rack = after(after(fresh(), shown(rule, rule.trip + 1e-6), 10), seen(), 1)
    assert not open_rack.closed[0]
    assert after(open_rack, seen(), LIMITS.heal_s - 5).fault_bits & rule.bit
    healed = after(open_rack, seen(), LIMITS.heal_s + 5)
    assert bool(healed.closed[0]) is not rule.by_hand
    assert bool(healed.fault_bits & rule.bit) is rule.by_hand


def test_a_short_spike_does_not_trip_but_spikes_add_up():
    bad, good = seen(high_v=3.66), seen()
    bms = after(fresh(), bad, 0.9, dt_s=0.1)
    assert after(after(bms, good, 1, dt_s=0.1), bad, 0.9, dt_s=0.1).fault_bits == 0
    assert after(after(bms, good, 0.3, dt_s=0.1), bad, 0.5, dt_s=0.1).fault_bits == FaultBits.CELL_OVERVOLTAGE


def test_a_contactor_waits_a_little_for_the_current_to_go():
    under_load = seen(low_v=[2.6, 3.3, 3.3], current_a=100.0)
    waiting = after(fresh(), under_load, 2)
    assert waiting.closed.all()
    assert waiting.discharge_limit_w == waiting.charge_limit_w == 0.0
    gone = after(waiting, seen(low_v=[2.6, 3.3, 3.3], current_a=0.0), 1)
    assert gone.closed.tolist() == [False, True, True]
    held = after(waiting, under_load, LIMITS.open_wait_s)
    assert held.closed.tolist() == [False, True, True]


def test_at_a_hard_limit_it_does_not_wait():
    assert not after(fresh(), seen(low_v=[1.9, 3.3, 3.3], current_a=100.0), 1).closed[0]


def test_a_person_resets_and_what_is_still_wrong_trips_again():
    latched = after(fresh(), seen(high_v=[3.8, 3.3, 3.3]), 5)
    assert after(latched, seen(), 300).fault_bits
    guard = reset(latched.guard)
    assert guard.bits == 0
    assert guard.closed.tolist() == [False, True, True]
    again = advance(latched, LIMITS, TABLE, seen(high_v=[3.8, 3.3, 3.3]), 1.0)
    assert again.fault_bits

"""What a battery may do now: the narrowest wins and is named, and nan gives nothing."""

from dataclasses import replace
from math import nan
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.control.room import room, unknown
from leyden.control.self_consumption import SelfConsumption
from leyden.model import Quality, Snapshot
from leyden.model.quality import FRESH, Stamp
from leyden.model.setpoint import Setpoint
from tests.scenarios.dsl import run, site

BENCH = run(site(), [SelfConsumption()], "time | load => power\n0 s | 0 W => 0 W")
assert BENCH.last is not None
SNAPSHOT = BENCH.last[0]
B1 = SNAPSHOT.site.batteries[0]


def with_bms(told: Setpoint | None = None, stamps=None, **values: Any) -> Snapshot:
    bms = SNAPSHOT.readings.battery["b1"]
    bms = replace(bms, **values, stamps=bms.stamps if stamps is None else stamps)
    context = SNAPSHOT.context if told is None else replace(SNAPSHOT.context, setpoints={"b1": told})
    return replace(SNAPSHOT, readings=replace(SNAPSHOT.readings, battery={"b1": bms}), context=context)


@pytest.mark.parametrize(
    ("values", "charge_w", "discharge_w", "charge", "discharge"),
    [
        ({}, 1.5e6, 1.5e6, None, None),
        ({"soc": 0.05}, 1.5e6, 0.0, None, "AtSocMin"),
        ({"soc": 0.0525}, 1.5e6, 7.5e5, None, "AtSocMin"),
        ({"soc": 0.95}, 0.0, 1.5e6, "AtSocMax", None),
        ({"discharge_limit_w": 1e6}, 1.5e6, 962.5e3, None, "DeviceAllowsDischarge"),
        ({"discharge_limit_w": 1e3}, 1.5e6, 0.0, None, "DeviceAllowsDischarge"),
        ({"charge_limit_w": 1e6}, 1e6, 1.5e6, "DeviceAllowsCharge", None),
        ({"charge_limit_w": -5.0}, 0.0, 1.5e6, "DeviceAllowsCharge", None),
        ({"cell_voltage_max_v": 3.6}, 7.5e5, 1.5e6, "HighestCell", None),
        ({"cell_voltage_min_v": 2.6}, 1.5e6, 7.5e5, None, "LowestCell"),
        ({"soc": 0.05, "discharge_limit_w": 1e6, "cell_voltage_min_v": 2.55}, 1.5e6, 0.0, None, "AtSocMin"),
        ({"state": 1.0}, 0.0, 0.0, "BatteryNotReady", "BatteryNotReady"),
        ({"state": 9.0}, 0.0, 0.0, "BatteryNotReady", "BatteryNotReady"),
        ({"state": nan}, 0.0, 0.0, "BatteryNotReady", "BatteryNotReady"),
        ({"soc": nan}, 0.0, 0.0, "NotKnown", "NotKnown"),
        ({"charge_limit_w": nan}, 0.0, 1.5e6, "DeviceAllowsCharge", None),
        ({"cell_voltage_max_v": nan}, 0.0, 1.5e6, "HighestCell", None),
    ],
)
def test_the_narrowest_is_named(values, charge_w, discharge_w, charge, discharge):
    free = room(B1, with_bms(**values))
    assert (free.charge_w, free.discharge_w) == pytest.approx((charge_w, discharge_w))
    assert [None if r is None else r.code for r in (free.charge_reason, free.discharge_reason)] == [charge, discharge]


def test_what_a_device_does_not_offer_is_not_missed():
    free = room(B1, with_bms(stamps={"soc": FRESH}, charge_limit_w=nan, state=nan))
    assert (free.charge_w, free.discharge_w, free.known) == (1.5e6, 1.5e6, True)


def test_what_it_offers_and_has_lost_is():
    stamps = {**SNAPSHOT.readings.battery["b1"].stamps, "charge_limit_w": Stamp(20.0, Quality.STALE)}
    snapshot = with_bms(Setpoint(4e5), stamps)
    assert unknown(snapshot.readings.battery["b1"], snapshot.readings.converter["b1"]) == ["charge_limit_w"]
    free = room(B1, snapshot)
    assert (free.charge_w, free.discharge_w, free.known) == (0.0, 4e5, False)


def test_a_stopped_converter_gives_and_takes_nothing():
    free = room(B1, with_bms(Setpoint(0.0, run=False)))
    assert (free.charge_w, free.discharge_w) == (0.0, 0.0)
    assert free.charge_reason is free.discharge_reason


anything = st.one_of(st.just(nan), st.floats())


@given(anything, anything, anything, anything, anything)
def test_it_is_never_negative_never_nan_and_never_beyond_the_rating(soc, charge_w, discharge_w, lowest_v, highest_v):
    snapshot = with_bms(
        soc=soc,
        charge_limit_w=charge_w,
        discharge_limit_w=discharge_w,
        cell_voltage_min_v=lowest_v,
        cell_voltage_max_v=highest_v,
    )
    free = room(B1, snapshot)
    assert 0.0 <= free.charge_w <= 1.5e6
    assert 0.0 <= free.discharge_w <= 1.5e6
    if not soc > 0.05:
        assert free.discharge_w == 0.0
    if not soc < 0.95:
        assert free.charge_w == 0.0


near_soc = st.sampled_from([0.05, 0.052, 0.055, 0.5, 0.9, 0.945, 0.948, 0.95, nan])
near_v = st.sampled_from([2.4, 2.5, 2.69, 2.71, 3.2, 3.54, 3.56, 3.66, nan])
near_w = st.sampled_from([-1.0, 0.0, 1.4e6, 1.5e6, 1.55e6, 1.56e6, 3e6, nan])
a_state = st.sampled_from([2.0, 2.0, 3.0, nan])
a_stamp = st.sampled_from([FRESH] * 9 + [Stamp(9.0, Quality.STALE)])


@given(near_soc, near_w, near_w, near_v, near_v, a_state, st.data())
def test_a_glance_finds_what_a_closer_look_finds(soc, charge_w, discharge_w, lowest_v, highest_v, state, data):
    names = ["soc", "charge_limit_w", "discharge_limit_w", "cell_voltage_min_v", "cell_voltage_max_v", "state"]
    values = dict(zip(names, (soc, charge_w, discharge_w, lowest_v, highest_v, state), strict=True))
    offered = [name for name in names if data.draw(st.sampled_from([True] * 9 + [False]))]
    snapshot = with_bms(stamps={name: data.draw(a_stamp) for name in offered}, **values)
    glance = room(B1, snapshot)
    with mock.patch("leyden.control.room._at_ease", return_value=False):
        assert room(B1, snapshot) == glance

"""What may be told at all: never beyond what battery and connection leave, whichever way round the gate meter is."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.commission.judge.guard import bad_sign, leeway, not_fresh
from leyden.model.quality import FRESH, MISSING, Quality, Stamp
from leyden.model.readings import BatteryReading, ConverterReading, GridReading, Readings
from leyden.model.snapshot import Context
from leyden.model.states import BatteryState, ConverterState
from tests.twin.parks import a_battery, a_site

SITE = a_site(a_battery("b1"))
BATTERY = SITE.battery("b1")
GRID = SITE.grid
CONTEXT = Context(time=datetime(2026, 7, 15, tzinfo=UTC), elapsed_s=100.0)
RATED_W = BATTERY.converter.power_w


def fresh(reading, **values):
    return reading(stamps=dict.fromkeys(values, FRESH), **values)


def readings(grid_w=1e6, power_w=0.0, **bms):
    said = {
        "soc": 0.5, "charge_limit_w": 2e6, "discharge_limit_w": 2e6, "cell_voltage_min_v": 3.3,
        "cell_voltage_max_v": 3.3, "state": float(BatteryState.CONNECTED), "fault_bits": 0.0,
    } | bms  # fmt: skip
    converter = fresh(ConverterReading, power_w=power_w, state=float(ConverterState.RUNNING))
    return Readings(
        grid=fresh(GridReading, power_w=grid_w),
        battery={"b1": fresh(BatteryReading, **said)},
        converter={"b1": converter},
    )


@given(st.floats(-3e6, 6e6), st.floats(0.0, 1.0), st.floats(0.0, 3e6), st.booleans())
def test_what_is_left_never_passes_a_limit(grid_w, soc, limit_w, proven):
    free = leeway(SITE, BATTERY, readings(grid_w, soc=soc, discharge_limit_w=limit_w), CONTEXT, proven)
    for power_w, sign in ((free.discharge_w, 1.0), (free.charge_w, -1.0)):
        assert 0.0 <= power_w <= RATED_W
        if power_w > 0.0:
            after_w = grid_w - sign * power_w
            assert -GRID.export_limit_w - 1e-3 <= after_w or sign < 0.0
            assert after_w <= GRID.import_limit_w + 1e-3 or sign > 0.0
            if not proven and -GRID.export_limit_w <= -grid_w <= GRID.import_limit_w:
                turned_w = -grid_w - sign * power_w
                assert -GRID.export_limit_w - 1e-3 <= turned_w <= GRID.import_limit_w + 1e-3
    assert free.discharge_w <= max(0.0, limit_w)
    assert soc > BATTERY.soc_min or free.discharge_w == 0.0
    assert soc < BATTERY.soc_max or free.charge_w == 0.0


def test_without_a_gate_meter_nothing_is_told():
    blind = replace(readings(), grid=GridReading(power_w=math.nan, stamps={"power_w": MISSING}))
    free = leeway(SITE, BATTERY, blind, CONTEXT, True)
    assert (free.charge_w, free.discharge_w) == (0.0, 0.0)
    assert free.charge_reason is not None


def sign_of(told_w=1e5, **values):
    found = bad_sign(SITE, BATTERY, readings(**values), CONTEXT, told_w)
    return None if found is None else found.code


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, None),
        ({"fault_bits": 4.0}, "BatteryTrouble"),
        ({"state": float(BatteryState.FAULT)}, "BatteryTrouble"),
        ({"power_w": 1.6e6}, "RunsAway"),
        ({"power_w": -1.6e6}, "RunsAway"),
        ({"power_w": 1e6}, None),
        ({"soc": 0.04}, "AtSocMin"),
        ({"soc": 0.04, "told_w": -1e5}, None),
        ({"discharge_limit_w": 0.0}, "DeviceAllowsDischarge"),
        ({"grid_w": -2.1e6}, "GridExportEdge"),
        ({"grid_w": -2.1e6, "told_w": -1e5}, None),
        ({"grid_w": 4.1e6, "told_w": -1e5}, "GridImportEdge"),
        ({"grid_w": 4.1e6}, None),
        ({"state": float(BatteryState.DISCONNECTED)}, "BatteryNotReady"),
    ],
)
def test_bad_signs(values, code):
    assert sign_of(**values) == code


def test_what_must_be_watched_is_fresh_or_named():
    assert not_fresh(SITE, BATTERY, readings()) is None
    stale = fresh(ConverterReading, power_w=0.0)
    stale = replace(stale, stamps={"power_w": Stamp(9.0, Quality.STALE)})
    found = not_fresh(SITE, BATTERY, replace(readings(), converter={"b1": stale}, grid=GridReading()))
    assert found is not None
    assert found.words.en == "no fresh value of gate.power_w, pcs-b1.power_w"

"""Watching over telemetry: a charge of our own that is honest, limits that only narrow, a stop where a BMS sleeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, nan

import numpy as np
import pytest

from leyden.control.supervision import Nothing, Supervision
from leyden.history import Ledger
from leyden.model.quality import FRESH, Quality, Stamp
from leyden.model.readings import BatteryReading, Readings
from leyden.model.reason import AlarmReason
from leyden.model.snapshot import Context, SiteReading, Snapshot
from leyden.model.watched import NOT_WATCHED, Watched
from leyden.physics import load_cell
from leyden.runtime.watching import KEEP_EVERY_S, KEPT, KeptCharges, Watching, own_limits
from tests.twin.parks import CELLS, a_site, a_twin, small_site

CELL = load_cell("lfp-280ah")
START = datetime(2026, 5, 1, tzinfo=UTC)
SITE = small_site()
SHAPE = SITE.batteries[0].layout.shape
SAID = {
    "soc": 0.5, "dc_voltage_v": 19.8, "dc_current_a": 0.0, "charge_limit_w": 5e3, "discharge_limit_w": 5e3,
    "cell_voltage_min_v": 3.3, "cell_voltage_max_v": 3.31, "cell_temperature_min_degc": 24.0,
    "cell_temperature_max_degc": 26.0, "state": 2.0, "fault_bits": 0.0,
}  # fmt: skip


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path)
    yield opened
    opened.close()


def watching(ledger, site=SITE):
    return Watching(site, CELLS, own_limits(site, CELLS), ledger)


def snapshot(reading, elapsed_s, site=SITE):
    context = Context(time=START + timedelta(seconds=elapsed_s), elapsed_s=elapsed_s)
    return Snapshot(site=site, readings=Readings(battery={"b1": reading}), context=context, derived=SiteReading())


def reading(stamp=FRESH, left_out=(), **changes):
    said = {name: value for name, value in {**SAID, **changes}.items() if name not in left_out}
    return BatteryReading(stamps=dict.fromkeys(said, stamp), **said)


def seen(watching, *readings, every_s=1.0, start_s=0.0):
    for k, one in enumerate(readings):
        watching.look(snapshot(one, start_s + k * every_s))
    return watching.watched["b1"]


def test_a_healthy_battery_is_narrowed_nowhere(ledger):
    found = seen(watching(ledger), *[reading()] * 30)
    assert (found.charge_limit_w, found.discharge_limit_w, found.stop) == (inf, inf, False)
    assert (found.charge_reason, found.discharge_reason) == (None, None)


def test_a_high_cell_narrows_and_is_named_as_the_newest_frame_has_it(ledger):
    cells = np.full(SHAPE, 3.31)
    cells[1, 0, 2] = 3.51
    high = replace(reading(cell_voltage_max_v=3.51, dc_voltage_v=20.0), cell_voltage_v=cells)
    found = seen(watching(ledger), high)
    full_w = SHAPE[0] * CELL.current_max_a * 20.0
    assert found.charge_limit_w == pytest.approx(full_w / 3.0)
    assert found.charge_limit_w < 5e3
    assert found.discharge_limit_w == inf
    assert "cell 2-1-3 at 3.51 V" in found.charge_reason.words.en
    nameless = seen(watching(ledger), reading(cell_voltage_max_v=3.51, dc_voltage_v=20.0))
    assert "cell – at" in nameless.charge_reason.words.en


def test_a_bms_that_sleeps_is_asked_to_stop_and_a_person_hears_of_it(ledger):
    at = watching(ledger)
    found = seen(at, *[reading(cell_voltage_max_v=3.7)] * 4)
    assert found.stop
    one = snapshot(reading(), 5.0)
    wants, _ = Supervision().propose(replace(one, context=replace(one.context, watched=at.watched)), Nothing())
    assert [(want.stop, want.power_w.low, want.power_w.high) for want in wants] == [(True, 0.0, 0.0)]
    assert isinstance(wants[0].reason, AlarmReason)
    assert wants[0].reason.priority == 1
    assert "cell overvoltage" in wants[0].reason.words.en


def test_without_anything_narrow_nothing_is_asked():
    one = snapshot(reading(), 5.0)
    assert Supervision().propose(one, Nothing())[0] == ()
    watched = {"b1": Watched(soc=0.5, soc_std=0.01)}
    assert Supervision().propose(replace(one, context=replace(one.context, watched=watched)), Nothing())[0] == ()


@pytest.mark.parametrize("stamp", [Stamp(9.0, Quality.STALE), Stamp(nan, Quality.BAD)])
def test_what_is_not_good_moves_nothing(ledger, stamp):
    found = seen(watching(ledger), *[reading(stamp, cell_voltage_max_v=3.7)] * 10)
    assert found == NOT_WATCHED


def test_what_a_device_does_not_offer_is_not_missed(ledger):
    poor = reading(left_out=("charge_limit_w", "discharge_limit_w", "dc_current_a"))
    assert seen(watching(ledger), *[poor] * 30).charge_limit_w == inf
    assert seen(watching(ledger), *[reading(left_out=("cell_voltage_min_v",))] * 9) == NOT_WATCHED


def driven(ledger, soc_error, hours, power_w):
    """A twin whose management is wrong by `soc_error` at the start, at constant power; watched every ten seconds."""
    site = a_site()
    twin, at = a_twin(site, soc=0.6, soc_error=soc_error, seed=3), watching(ledger, site)
    inside, steps, found, truth = 0, round(hours * 360), NOT_WATCHED, nan
    twin.command("b1", {"setpoint_w": power_w, "run": 1})
    for k in range(steps):
        twin.step(10.0)
        at.look(snapshot(twin.read().battery["b1"], 10.0 * k, site))
        found, truth = at.watched["b1"], twin.truth().battery["b1"].soc
        inside += abs(found.soc - truth) <= 2.0 * found.soc_std + 5e-4
    return at, found, truth, inside / steps


def test_its_own_charge_is_honest_and_right_once_past_a_knee_whatever_the_management_says(ledger):
    at, found, truth, inside = driven(ledger, soc_error=0.12, hours=1.9, power_w=8e5)
    assert truth < 0.2
    assert abs(found.soc - truth) < 0.03
    assert found.soc_std < 0.05
    assert inside > 0.9
    soc, std = at.racks("b1")
    assert soc.shape == std.shape == (10,)


def test_it_goes_on_after_a_restart_and_not_after_a_long_rest(ledger):
    at, found, _, _ = driven(ledger, soc_error=0.12, hours=1.9, power_w=8e5)
    stopped = START + timedelta(seconds=7000.0)
    at.keep(stopped, 7000.0, lambda name, state: ledger.states.save(name, state, stopped))
    assert set(ledger.states.load(KEPT, KeptCharges).of) == {"b1"}
    site = a_site()
    said = a_twin(site, soc=0.6, seed=3).read().battery["b1"]
    again, late = watching(ledger, site), watching(ledger, site)
    again.look(snapshot(said, 7060.0, site))
    assert again.watched["b1"].soc == pytest.approx(found.soc, abs=2e-3)
    assert again.watched["b1"].soc_std == pytest.approx(found.soc_std + 0.01, abs=2e-3)
    late.look(snapshot(said, 20000.0, site))
    assert late.watched["b1"].soc == pytest.approx(float(said.rack_soc.mean()), abs=2e-3)
    assert late.watched["b1"].soc_std == pytest.approx(0.15)


def test_it_is_kept_now_and_then(ledger):
    at, kept = watching(ledger), []
    for k in range(1000):
        at.keep(START, float(k), lambda name, state: kept.append(name))
    assert kept == []  # there is no estimate yet
    racks = np.full(SHAPE[0], 9.9)
    stamps = dict.fromkeys((*SAID, "rack_voltage_v", "rack_current_a", "rack_soc"), FRESH)
    said = replace(
        reading(), stamps=stamps, rack_voltage_v=racks, rack_current_a=0 * racks, rack_soc=np.full(SHAPE[0], 0.5)
    )
    at.look(snapshot(said, 0.0))
    for k in range(1000):
        at.keep(START, 1000.0 + k, lambda name, state: kept.append(name))
    assert len(kept) == 1 + int(999 // KEEP_EVERY_S)

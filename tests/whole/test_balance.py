"""Energy and power add up: in truth at every step, and in what is measured whenever all meters mean the same moment."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from tests.whole.inside import configured, inside
from tests.whole.watch import QUIET, measured
from tests.whole.wired import wired

CLOSED = 1e-6


def unclosed(truth, start):
    """How far each balance of each battery is off, as a share of what has flowed."""
    for name, now in truth.battery.items():
        book = now.energies
        through_j = 1.0 + book.discharged_j + book.charged_j + book.joule_j
        ac_j, stored_j = book.discharged_j - book.charged_j, now.stored_j - start.battery[name].stored_j
        warmed_j = now.warmth_j - start.battery[name].warmth_j
        floor_j = 1e-12 * now.stored_j  # the last digits of the states of charge
        yield "converter", abs(ac_j + book.converter_loss_j - book.dc_j) / through_j
        yield "cells", max(0.0, abs(stored_j + book.link_j + book.dc_j + book.joule_j) - floor_j) / through_j
        yield "heat", max(0.0, abs(book.heat_j - book.cooled_j - warmed_j) - 1e-9 * now.warmth_j) / through_j


@pytest.mark.parametrize("site", ["park.toml", "two-containers.toml"])
def test_in_truth_everything_closes_at_every_step(tmp_path, site):
    """While people command the batteries up and down."""
    rng = np.random.default_rng(5)
    with inside(configured(tmp_path, site), "2026-01-21 10:00") as ins:
        start, steps = ins.twin.truth(), []

        def look(done):
            truth = ins.twin.truth()
            flows = [truth.grid_w, *truth.load_w.values(), *truth.solar_w.values(), *truth.wind_w.values()]
            flows += [power_w for one in truth.battery.values() for power_w in (one.power_w, one.auxiliary_w)]
            assert abs(sum(flows)) <= CLOSED * max(map(abs, flows))
            assert {what: off for what, off in unclosed(truth, start) if not off <= CLOSED} == {}
            steps.append(truth.battery["b1"].power_w)

        for _ in range(20):
            ins.station.command("batteries", float(rng.uniform(-2e6, 2e6)), 30.0, "test")
            ins.run(30.0, look)
        flowed = ins.twin.truth().battery["b1"].energies
        assert min(flowed.discharged_j, flowed.charged_j) > 1e7
    assert len(steps) == 600


def test_the_gate_counts_what_flowed(tmp_path):
    """The meter's counters are the integral of its power, import and export each by itself."""
    with inside(configured(tmp_path, "park.toml"), "2026-03-14 12:00") as ins:
        before, powers_w = ins.twin.read().grid, []
        for power_w in (-1.4e6, 1.2e6):
            ins.station.command("b1", power_w, 200.0, "test")
            ins.run(200.0, lambda done: powers_w.append(ins.twin.truth().grid_w))
        after = ins.twin.read().grid
    imported_wh = sum(max(0.0, power_w) for power_w in powers_w) / 3600.0
    exported_wh = sum(max(0.0, -power_w) for power_w in powers_w) / 3600.0
    assert min(imported_wh, exported_wh) > 1e3
    assert after.energy_out_wh - before.energy_out_wh == pytest.approx(imported_wh, rel=CLOSED, abs=1e-3)
    assert after.energy_in_wh - before.energy_in_wh == pytest.approx(exported_wh, rel=CLOSED, abs=1e-3)


def quiet_residuals(snapshots):
    """The residuals as shares of the largest flow, of all moments since whose last poll no flow moved."""
    for before, now in pairwise(snapshots):
        was, flows = measured(before), measured(now)
        largest_w = max(map(abs, flows.values()))
        if all(abs(flows[key] - was[key]) <= QUIET * largest_w for key in flows):
            yield abs(now.derived.residual_w) / largest_w


@pytest.mark.parametrize("meter_s", [0.2, 1.0, 3.0])
def test_the_measured_balance_with_a_late_meter(tmp_path, meter_s):
    """The battery moves all the time; put together with the meter's value of another moment it would not add up."""
    config = configured(tmp_path, "park.toml", lambda text: text.replace('"0.2 s"', f'"{meter_s} s"'))
    rng, seen = np.random.default_rng(6), []
    with inside(config, "2026-09-20 12:00", step_s=0.1) as ins:
        ins.station.listen(lambda moment: seen.append(moment.snapshot))
        for _ in range(20):
            ins.station.command("b1", float(rng.uniform(-1.5e6, 1.5e6)), 20.0, "test")
            ins.run(20.0)
    residuals = list(quiet_residuals(seen))
    assert len(residuals) > 100
    assert max(residuals) <= QUIET


async def test_the_measured_balance_over_real_sockets(tmp_path):
    """Through registers, whole hundreds of watts, and devices that are asked one after the other."""
    seen = []
    config = configured(tmp_path, "park.toml")
    async with wired(config, "2026-09-20 12:00", speed=3.0) as ins:
        ins.station.listen(lambda moment: seen.append(moment.snapshot))
        for power_w in (8e5, -6e5, 2e5):
            ins.station.command("b1", power_w, 60.0, "test")
            await asyncio.sleep(4.0)
    residuals = list(quiet_residuals(seen[2:]))
    assert len(residuals) > 15
    assert max(residuals) <= QUIET

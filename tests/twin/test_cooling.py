"""Cooling and heating of a battery: what it does, what it draws, and who sees that."""

from dataclasses import replace

import numpy as np
import pytest

from leyden.model.errors import LeydenError
from leyden.model.site import Layout, Load
from leyden.model.words import Words
from leyden.twin import CoolingOptions, Twin
from leyden.twin.cooling import ThermalOrder, Warmth, plant_for
from tests.twin.parks import CELL, CELLS, STILL, a_battery, a_site, small_site


@pytest.mark.parametrize(
    ("layout", "kind"),
    [
        (Layout(1, 1, 16), "natural"),
        (Layout(1, 5, 48), "liquid"),
        (Layout(1, 5, 24), "air"),
        (Layout(10, 8, 48), "liquid"),
    ],
)
def test_what_a_battery_has_follows_from_its_size(layout, kind):
    assert plant_for(a_battery(layout=layout), CELL, CoolingOptions()).kind == kind


def test_a_container_has_what_containers_have():
    plant = plant_for(a_battery(), CELL, CoolingOptions())
    assert 30e3 < plant.chiller_w < 60e3
    assert 1e3 < plant.pump_w < 3e3
    assert plant_for(a_battery(), CELL, CoolingOptions(pump_w=5.0)).pump_w == 5.0


@pytest.mark.parametrize("kind", ["liquid", "air"])
def test_a_container_at_full_power_is_held_below_its_limits(kind):
    """At steps of 10 s and of a minute the same, within a tenth of a degree."""
    found = []
    for step_s in (10.0, 60.0):
        options = replace(STILL, soc=0.95, step_s=step_s, ambient_degc=30.0, cooling={"b1": CoolingOptions(kind=kind)})
        twin = Twin(a_site(), options, CELLS)
        twin.command("b1", {"setpoint_w": 1.5e6})
        twin.step(5400.0)
        truth = twin.truth()
        assert truth.battery["b1"].cell_temperature_degc.max() < 45.0
        assert -40e3 < truth.battery["b1"].auxiliary_w < -5e3
        assert truth.grid_w == pytest.approx(5e5 - truth.battery["b1"].power_w - truth.battery["b1"].auxiliary_w)
        found.append(truth.battery["b1"].cell_temperature_degc.mean())
    assert found[0] == pytest.approx(found[1], abs=0.1)


def test_standing_by_draws_a_little_and_the_gate_sees_it():
    twin = Twin(small_site(), STILL, CELLS)
    twin.step(10.0)
    draw_w = -twin.truth().battery["b1"].auxiliary_w
    assert 1.0 < draw_w < 20.0
    assert twin.truth().grid_w == pytest.approx(5e5 + draw_w)
    assert twin.truth().bus_w == pytest.approx(0.0, abs=1e-9)
    assert twin.truth().battery["b1"].energies.auxiliary_j == pytest.approx(10.0 * draw_w)


def test_a_metered_auxiliary_load_is_seen_by_its_meter_and_counted_once():
    site = small_site()
    site = replace(site, loads=(*site.loads, Load("aux1", Words("辅助", "auxiliaries"), "line")))
    twin = Twin(site, replace(STILL, cooling={"b1": CoolingOptions(standby_w=70.0, meter="aux1")}), CELLS)
    twin.step(10.0)
    assert twin.truth().load_w["aux1"] == -70.0
    assert twin.read().load["aux1"].power_w == -70.0
    assert twin.truth().battery["b1"].auxiliary_w == 0.0
    assert twin.truth().bus_w == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("b9", CoolingOptions(), r"cooling\.b9: there is no such battery; there are: b1"),
        ("b1", CoolingOptions(meter="x"), "there is no load 'x' to meter it; there are: line1"),
        ("b1", CoolingOptions(kind="oil"), "there is no kind 'oil'; there are: liquid, air, natural"),
    ],
)
def test_what_cannot_be_is_told_with_its_mend(name, said, told):
    with pytest.raises(LeydenError, match=told):
        Twin(small_site(), replace(STILL, cooling={name: said}), CELLS)


def test_film_and_chiller_draw_what_they_move():
    battery = a_battery()
    plant = plant_for(battery, CELL, CoolingOptions())
    warmth = Warmth(battery, plant, 35.0)
    degc, heat_w = np.full((10, 384), 35.0), np.zeros((10, 384))
    warmth.order = ThermalOrder(flow=1.0, cool=True)
    left_j, film_j = warmth.step(degc, heat_w, 35.0, 60.0)
    assert film_j == 0.0
    assert warmth.draw_w == pytest.approx(plant.standby_w + plant.pump_w + left_j / 60.0 / plant.cop, rel=0.02)
    warmth.order = ThermalOrder(heat=True)
    _, film_j = warmth.step(degc, heat_w, 35.0, 60.0)
    assert film_j == 60.0 * plant.film_w
    assert warmth.draw_w == plant.standby_w + plant.film_w

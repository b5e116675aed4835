"""Ageing against its papers' own numbers, and the laws that every model of it must keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics.ageing import Age, Lfp250Ah, NaumannLfp, Stress, TableAgeing, rainflow, spread, stresses
from leyden.physics.ageing.rainflow import turning_points

YEAR_S = 365.0 * 86400.0
TABLE = TableAgeing(
    name="a data sheet",
    source="test",
    temperature_degc=np.array([15.0, 25.0, 45.0]),
    soc=np.array([0.0, 0.5, 1.0]),
    first_year_loss=np.array([[0.005, 0.01, 0.015], [0.01, 0.02, 0.03], [0.03, 0.05, 0.08]]),
    dod=np.array([0.1, 0.5, 1.0]),
    cycles_to_end=np.array([20000.0, 9000.0, 5000.0]),
)
MODELS = [NaumannLfp(), Lfp250Ah(), TABLE]

socs = st.floats(0.0, 1.0)
temperatures = st.floats(-10.0, 55.0)
lives = st.builds(
    Stress, st.floats(0.0, YEAR_S), temperatures, socs, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 500.0)
)


@pytest.mark.parametrize(
    ("years", "degc", "soc", "loss"),
    [(10, 25, 0.5, 0.1344), (10, 25, 0.9, 0.1753), (10, 35, 0.5, 0.1682), (10, 15, 0.5, 0.1058), (1, 25, 0.5, 0.0425)],
)
def test_calendar_loss_as_naumann_publishes_it(years, degc, soc, loss):
    age = NaumannLfp().advance(Age(), Stress(years * YEAR_S, degc, soc))
    assert age.calendar_loss == pytest.approx(loss, abs=6e-5)
    assert age.capacity == pytest.approx(1.0 - loss, abs=6e-5)


@pytest.mark.parametrize(("c_rate", "dod", "cycles", "loss"), [(0.2, 0.8, 2920, 0.0667), (1.0, 1.0, 3650, 0.1306)])
def test_cycle_loss_as_naumann_publishes_it(c_rate, dod, cycles, loss):
    age = NaumannLfp().advance(Age(), Stress(0.0, 25.0, 0.5, dod, c_rate, cycles))
    assert age.cycle_loss == pytest.approx(loss, abs=6e-5)


@pytest.mark.parametrize(("soc", "growth"), [(0.5, 0.168), (0.9, 0.110), (0.1, 0.110)])
def test_resistance_grows_as_naumann_publishes_it(soc, growth):
    age = NaumannLfp().advance(Age(), Stress(10 * YEAR_S, 25.0, soc))
    assert age.resistance == pytest.approx(1.0 + growth, abs=6e-4)


def test_the_250_ah_cell_loses_a_quarter_of_what_the_small_one_does():
    found = spread([NaumannLfp(), Lfp250Ah()], [Stress(10 * YEAR_S, 25.0, 0.5)])
    assert found["lfp-250ah"].calendar_loss == pytest.approx(0.037, abs=5e-4)
    assert found["naumann-lfp-3ah"].calendar_loss == pytest.approx(0.134, abs=5e-4)


def test_the_250_ah_cell_wears_more_in_the_cold():
    cold, warm = (Lfp250Ah().advance(Age(), Stress(0.0, t, 0.5, 0.8, 0.5, 365.0)).cycle_loss for t in (10.0, 40.0))
    assert cold > 1.5 * warm


def test_a_table_gives_back_its_own_points():
    for row, degc in enumerate(TABLE.temperature_degc):
        for column, soc in enumerate(TABLE.soc):
            age = TABLE.advance(Age(), Stress(365.25 * 86400.0, float(degc), float(soc)))
            assert age.calendar_loss == pytest.approx(TABLE.first_year_loss[row, column])
    for dod, cycles in zip(TABLE.dod, TABLE.cycles_to_end, strict=True):
        age = TABLE.advance(Age(), Stress(0.0, 25.0, 0.5, float(dod), 0.5, float(cycles)))
        assert age.cycle_loss == pytest.approx(0.2)


def test_a_table_that_does_not_fit_names_what():
    with pytest.raises(ValueError, match="a row a temperature"):
        TableAgeing("t", "", np.array([1.0, 2.0]), np.array([0.0, 1.0]), np.zeros((3, 2)), np.ones(1), np.ones(1))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@given(life=st.lists(lives, min_size=1, max_size=6))
def test_nothing_ever_grows_younger(model, life):
    age = Age()
    for stress in life:
        after = model.advance(age, stress)
        assert after.calendar_loss >= age.calendar_loss - 1e-12
        assert after.cycle_loss >= age.cycle_loss - 1e-12
        assert after.resistance >= age.resistance - 1e-12
        assert 0.0 <= after.capacity <= age.capacity + 1e-12
        age = after


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@given(life=lives, parts=st.integers(2, 9))
def test_it_matters_not_in_how_many_pieces_a_life_is_told(model, life, parts):
    whole, pieces = model.advance(Age(), life), Age()
    part = Stress(life.duration_s / parts, life.temperature_degc, life.soc, life.dod, life.c_rate, life.cycles / parts)
    for _ in range(parts):
        pieces = model.advance(pieces, part)
    assert pieces.calendar_loss == pytest.approx(whole.calendar_loss, rel=1e-9, abs=1e-15)
    assert pieces.cycle_loss == pytest.approx(whole.cycle_loss, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_many_cells_age_as_each_alone(model):
    soc, degc = np.linspace(0.0, 1.0, 5), np.linspace(0.0, 45.0, 5)
    together = model.advance(Age(), Stress(YEAR_S, degc, soc, soc, 0.5 * soc, 300.0 * soc))
    for i in range(5):
        full, hot = float(soc[i]), float(degc[i])
        alone = model.advance(Age(), Stress(YEAR_S, hot, full, full, 0.5 * full, 300.0 * full))
        assert together.capacity[i] == pytest.approx(alone.capacity, rel=1e-12)


def test_the_example_of_the_standard():
    """ASTM E1049-85, figure 6: ranges and how often each is counted."""
    trace = np.array([-2.0, 1.0, -3.0, 5.0, -1.0, 3.0, -4.0, 4.0, -2.0])
    counts: dict[float, float] = {}
    for cycle in rainflow(trace):
        counts[cycle.depth] = counts.get(cycle.depth, 0.0) + cycle.count
    assert counts == {3.0: 0.5, 4.0: 1.5, 6.0: 0.5, 8.0: 1.0, 9.0: 0.5}


def test_ripple_leaves_a_deep_cycle_whole():
    deep = np.concatenate([np.linspace(1.0, 0.2, 50), np.linspace(0.2, 1.0, 50)])
    rippled = deep + 0.004 * (-1.0) ** np.arange(100)
    assert max(cycle.depth for cycle in rainflow(rippled)) == pytest.approx(0.8, abs=0.01)
    assert max(cycle.depth for cycle in rainflow(deep)) == pytest.approx(0.8)


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=60))
def test_every_way_of_a_trace_is_counted_once(values):
    trace = np.array(values)
    turns = trace[turning_points(trace)]
    way = float(np.abs(np.diff(turns)).sum())
    assert sum(2.0 * cycle.count * cycle.depth for cycle in rainflow(trace)) == pytest.approx(way, abs=1e-9)


def test_the_stresses_of_a_week_of_full_cycles():
    time_s = np.arange(0.0, 7 * 86400.0 + 1.0, 900.0)
    soc = 0.5 + 0.4 * np.cos(2.0 * np.pi * time_s / 86400.0)
    whole, *cycles = stresses(time_s, soc, np.full_like(time_s, 25.0))
    assert whole.duration_s == pytest.approx(7 * 86400.0)
    assert whole.soc == pytest.approx(0.5, abs=1e-3)
    assert sum(float(cycle.cycles) for cycle in cycles) == pytest.approx(7 * 0.8, rel=1e-3)
    assert all(cycle.dod == pytest.approx(0.8, rel=1e-3) for cycle in cycles)
    assert all(cycle.c_rate == pytest.approx(0.8 / 12.0, rel=1e-3) for cycle in cycles)


def test_a_trace_that_goes_back_in_time_is_refused():
    with pytest.raises(ValueError, match="must rise"):
        stresses(np.array([0.0, 0.0]), np.zeros(2), np.zeros(2))

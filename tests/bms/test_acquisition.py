"""What of a harness may be believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leyden.bms.acquisition import (
    APART_V,
    COLD_DEGC,
    FALL,
    HIGH_V,
    HOT_DEGC,
    LOW_V,
    MEAN_V,
    MISSING,
    RISE,
    SUM_V,
    acquired,
    new_harness,
)

RACKS, SERIES, SENSORS, MODULES = 2, 24, 8, 4
RNG = np.random.default_rng(3)
V = 3.3 + 0.002 * RNG.standard_normal((RACKS, SERIES))
T = 25.0 + RNG.standard_normal((RACKS, SENSORS))


def looked(voltage_v=V, degc=T, before=None, dt_s=1.0):
    return acquired(before or new_harness(RACKS, SERIES, SENSORS), voltage_v, degc, MODULES, dt_s)


def test_a_sound_harness_gives_what_is_there():
    harness, _ = looked()
    for _, known in (looked(), looked(before=harness)):  # one by one at first, quickly afterwards
        racks = known.racks
        assert racks[LOW_V] == pytest.approx(V.min(axis=1))
        assert racks[HIGH_V] == pytest.approx(V.max(axis=1))
        assert racks[MEAN_V] == pytest.approx(V.mean(axis=1))
        assert racks[SUM_V] == pytest.approx(V.sum(axis=1))
        assert racks[COLD_DEGC] == pytest.approx(T.min(axis=1))
        assert racks[HOT_DEGC] == pytest.approx(T.max(axis=1))
        modules = V.reshape(RACKS, MODULES, -1).mean(axis=2)
        assert racks[APART_V] == pytest.approx(np.ptp(modules, axis=1))
        assert not racks[MISSING].any()
        assert known.valid_v.all()
        assert known.lowest(V, 1) == int(V[1].argmin())
        assert known.hottest(T, 0) == int(T[0].argmax())


NASTY = st.floats(-10, 10) | st.just(float("nan")) | st.just(float("inf"))


@given(
    arrays(float, (RACKS, SERIES), elements=NASTY),
    arrays(float, (RACKS, SENSORS), elements=st.floats(-400, 400) | st.just(float("nan"))),
)
def test_whatever_arrives_only_what_can_be_true_counts(voltage_v, degc):
    harness, _ = looked()
    for before in (None, harness):
        _, known = looked(voltage_v, degc, before)
        for r in range(RACKS):
            ok = (voltage_v[r] >= -2.0) & (voltage_v[r] <= 5.0)
            warm = (degc[r] >= -45.0) & (degc[r] <= 250.0)
            assert known.racks[MISSING, r] >= (~ok).sum() + (~warm).sum()
            if ok.any():
                assert known.racks[LOW_V, r] == voltage_v[r][ok].min()
                assert known.racks[HIGH_V, r] == voltage_v[r][ok].max()
            else:
                assert np.isnan(known.racks[LOW_V, r])
            assert np.isnan(known.racks[HOT_DEGC, r]) == (not warm.any())


def test_an_open_wire_is_missing_and_the_others_stand():
    voltage_v = V.copy()
    voltage_v[1, 5] = np.nan
    _, known = looked(voltage_v)
    assert known.racks[MISSING].tolist() == [0.0, 1.0]
    assert known.racks[LOW_V, 1] == np.nanmin(voltage_v[1])
    assert not known.valid_v[1, 5]


def test_fewer_readings_than_the_configuration_are_no_readings():
    _, known = looked(V[:, :-1])
    assert known.racks[MISSING].tolist() == [SERIES, SERIES]
    assert np.isnan(known.racks[LOW_V]).all()


def test_one_cell_that_jumps_counts_as_missing_and_all_together_do_not():
    harness, _ = looked()
    jumped = V.copy()
    jumped[0, 3] += 1.5
    assert looked(jumped, before=harness)[1].racks[MISSING].tolist() == [1.0, 0.0]
    assert looked(V - 0.9, before=harness)[1].racks[MISSING].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("dt_s", [0.1, 1.0, 10.0])
def test_a_rise_is_told_alike_at_any_step(dt_s):
    harness, known = looked()
    for step in range(round(180 / dt_s)):
        harness, known = looked(degc=T + 2.0 * (step + 1) * dt_s / 60.0, before=harness, dt_s=dt_s)
    assert known.racks[RISE] == pytest.approx(2.0, rel=0.15)


def test_a_sudden_fall_of_one_cell_is_told_and_fades():
    harness, _ = looked()
    low = V.copy()
    low[0, 7] -= 0.1
    harness, known = looked(low, before=harness)
    assert known.racks[FALL, 0] == pytest.approx(0.1 * (1 - 1 / SERIES), rel=0.05)
    for _ in range(30):
        harness, known = looked(low, before=harness)
    assert known.racks[FALL, 0] < 0.001

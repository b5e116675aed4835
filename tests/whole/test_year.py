"""A healthy year raises no cell alarm, and under one alarm a day in all. `make year` runs every day of it."""

import pytest

from tests.whole.year import CELL_ALARMS, FULL, Tale, of_every_month, tell

pytestmark = pytest.mark.timeout(3000)
PERIOD_S = 10.0


def sound(tale: Tale) -> None:
    assert not {kind: tale.told[kind] for kind in CELL_ALARMS if kind in tale.alarms}
    assert tale.fault_bits == 0
    assert tale.alarms.total() < tale.days, "\n".join(tale.lines())
    assert tale.worst_balance <= 1e-6
    assert tale.recorded_off <= 0.01
    assert tale.cell_degc.high - tale.cell_degc.low > 20.0, "seasons differ"


@pytest.mark.soak
def test_a_day_of_every_month_of_the_park(tmp_path):
    tale = Tale()
    for start in of_every_month():
        tell(tale, tmp_path / f"{start:%m}", "park.toml", start, 1, PERIOD_S)
    sound(tale)
    assert tale.full_days == 12
    assert sum(tale.money.values()) > 0.0


@pytest.mark.soak
def test_two_days_of_every_month_of_a_home(tmp_path):
    tale = Tale()
    for start in of_every_month():
        tell(tale, tmp_path / f"{start:%m}", "home.toml", start, 2, PERIOD_S)
    sound(tale)
    assert tale.used_up_days >= 12
    assert tale.soc.high > FULL

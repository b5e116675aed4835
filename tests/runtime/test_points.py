"""Names of points, and frames of them."""

from dataclasses import replace
from datetime import UTC, datetime
from math import isnan

from leyden.model.decision import Decision
from leyden.model.quality import Quality
from leyden.model.setpoint import Setpoint
from leyden.model.site import Load
from leyden.model.words import Words
from leyden.runtime.points import Flattener, named_points
from tests.control.test_arbitrate import ONE
from tests.runtime.test_today import snapshot

SITE = replace(ONE, loads=(Load("line1", Words("产线", "line"), "meter"), Load("rest", Words("其余", "rest"))))


def frame():
    flattener = Flattener(named_points(SITE))
    decision = Decision(1, datetime(2026, 1, 1, tzinfo=UTC), {"b1": Setpoint(7e5)}, (), 7e5)
    made = flattener.frame(snapshot(0, grid_w=1e6, battery_w=5e5, load_w=-1.5e6), decision)
    return dict(zip(flattener.names, zip(made.values, made.quality, strict=True), strict=True))


def test_names_are_unique_and_say_the_thing():
    names = [point.name for point in named_points(SITE)]
    assert len(names) == len(set(names))
    assert {"grid.power_w", "b1.soc", "b1.power_w", "b1.state", "b1.converter_state", "pv1.limit_w"} <= set(names)
    assert {"line1.power_w", "site.net_demand_w", "b1.target_w"} <= set(names)
    assert not any(name.startswith("rest.") for name in names)


def test_a_frame_holds_values_with_their_quality():
    values = frame()
    assert values["grid.power_w"] == (1e6, Quality.GOOD)
    assert values["b1.power_w"] == (5e5, Quality.GOOD)
    assert values["line1.power_w"] == (-1.5e6, Quality.GOOD)
    assert values["b1.target_w"] == (7e5, Quality.GOOD)


def test_what_was_never_received_is_nan_and_bad():
    value, quality = frame()["pv1.power_w"]
    assert isnan(value)
    assert quality == Quality.BAD

"""A point is defined once, by a field of a reading."""

from leyden.model.points import points_of, scalar_points
from leyden.model.readings import ROLES, BatteryReading, GridReading
from leyden.model.snapshot import SiteReading


def test_unit_label_and_doc_come_from_the_field():
    power = next(point for point in points_of(GridReading) if point.name == "power_w")
    assert (power.unit, power.label["en"]) == ("W", "power")
    assert power.doc == "Active power, positive out of the thing into the bus."


def test_every_point_is_documented_and_has_both_languages():
    for reading in (*ROLES.values(), SiteReading):
        for point in points_of(reading):
            assert point.doc, f"{reading.__name__}.{point.name} has no docstring line"
            assert point.label["zh"]
            assert point.label["en"]


def test_arrays_are_no_scalars():
    assert "cell_voltage_v" in {point.name for point in points_of(BatteryReading)}
    assert "cell_voltage_v" not in {point.name for point in scalar_points(BatteryReading)}

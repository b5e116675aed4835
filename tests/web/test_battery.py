"""A battery's page in one answer: racks, worst cells, limits and whose they are, faults in words."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from leyden.bms.fault_bits import FaultBits
from leyden.model.quality import Quality, Stamp
from leyden.model.readings import BatteryReading
from leyden.model.site import Layout
from leyden.web.battery_document import limits_json, racks_json, said_json
from leyden.web.battery_models import BatteryModel


@pytest.fixture
def told(site):
    return site.reader.get("/api/battery/b1").json()


def reading_of(site):
    return site.station.moment.snapshot.readings.battery["b1"]


def test_it_is_as_the_schema_says_and_an_unknown_battery_is_refused(site, told):
    BatteryModel.model_validate(told)
    answer = site.reader.get("/api/battery/pv1")
    assert (answer.status_code, answer.json()["detail"]["en"]) == (404, "there is no battery pv1")


def test_racks_say_what_their_cells_say(site, told):
    reading = reading_of(site)
    assert len(told["racks"]) == len(reading.cell_voltage_v) == len(reading.rack_soc)
    for rack, cells, warm in zip(told["racks"], reading.cell_voltage_v, reading.cell_temperature_degc, strict=True):
        assert rack["spread_v"] == pytest.approx(cells.max() - cells.min(), abs=1e-6)
        hottest = rack["hottest"]
        assert hottest["temperature_degc"] == warm.max() == warm[hottest["module"] - 1, hottest["cell"] - 1]
        assert rack["coldest"]["temperature_degc"] == warm.min()


def test_the_worst_cells_are_twenty_the_furthest_first_and_last_longer_as_time_goes_on(site, told):
    far = [abs(cell["deviation_v"]) for cell in told["worst"]]
    assert len(far) == 20
    assert far == sorted(far, reverse=True)
    assert all(cell["since"] >= told["watched_since"] for cell in told["worst"])
    before = {(c["rack"], c["module"], c["cell"]): c for c in told["worst"]}
    site.run(60.0)
    later = site.reader.get("/api/battery/b1").json()["worst"]
    stayed = [c for c in later if (c["rack"], c["module"], c["cell"]) in before]
    assert stayed
    for cell in stayed:
        then = before[cell["rack"], cell["module"], cell["cell"]]
        assert cell["lasting_s"] > then["lasting_s"]
        # Both clocks agree on the instant, to the second that is shown.
        assert abs((datetime.fromisoformat(cell["since"]) - datetime.fromisoformat(then["since"])).total_seconds()) <= 1


def test_limits_are_the_devices_and_the_least_of_the_trail(site, told):
    reading, steps = reading_of(site), site.station.moment.decision.steps
    mine = [step for step in steps if step.want.target == "b1"]
    for way, least_w in (
        ("charge", min(-step.allowed_w.low for step in mine)),
        ("discharge", min(step.allowed_w.high for step in mine)),
    ):
        limit = limits_json("b1", reading, steps)[way]
        assert limit["device_w"] == getattr(reading, f"{way}_limit_w")
        assert limit["power_w"] == pytest.approx(max(least_w, 0.0))
        assert limit["binds"]["controller"] in {step.controller for step in mine}
    assert limits_json("another", reading, steps)["charge"]["binds"] is None
    assert told["charge"].keys() == {"device_w", "power_w", "binds"}


def test_what_is_not_known_is_null_and_faults_are_told_in_words():
    layout = Layout(rack=2, module=3, cell=4)
    silent = BatteryReading()
    assert said_json(silent) == {"state": None, "fault_bits": None, "faults": []}
    assert [rack["spread_v"] for rack in racks_json(layout, silent)] == [None, None]
    good = {name: Stamp(0.0, Quality.GOOD) for name in ("state", "fault_bits")}
    faulty = replace(silent, state=3.0, fault_bits=float(FaultBits.HOT), stamps=good)
    said = said_json(faulty)
    assert said["state"]["label"]["en"] == "fault"
    assert said["faults"] == [{"bit": 5, "label": {"zh": "温度过高", "en": "too hot"}}]


def test_a_missing_cell_is_left_out_and_a_rack_of_them_says_nothing():
    volts = np.full((2, 3, 4), 3.3)
    volts[0, 1, 2], volts[0, 0, 0], volts[1] = 3.31, np.nan, np.nan
    warm = np.full((2, 3, 4), 25.0)
    warm[0, 2, 3], warm[1] = 31.0, np.nan
    first, second = racks_json(Layout(2, 3, 4), BatteryReading(cell_voltage_v=volts, cell_temperature_degc=warm))
    assert first["spread_v"] == pytest.approx(0.01)
    assert first["hottest"] == {"module": 3, "cell": 4, "temperature_degc": 31.0}
    assert (second["spread_v"], second["mean_v"], second["hottest"]) == (None, None, None)

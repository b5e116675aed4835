"""Mode, locks, demand, log and why over the API of a site that takes its twin for real devices."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from leyden.model.role import Role
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.config import load_config
from leyden.runtime.describe import time_json
from leyden.runtime.wiring import LIVE, first_token, make_station, open_stores
from leyden.twin import Twin
from leyden.web.app import create_app
from leyden.web.live import live_json
from leyden.web.models import Actions, LiveModel, ShadowModel, WhyModel
from tests.web.conftest import PARK, Site


@pytest.fixture
def real(tmp_path) -> Iterator[Site]:
    config = load_config(PARK)
    config = replace(config, history=replace(config.history, folder=str(tmp_path)))
    assert config.twin is not None
    twin = Twin(config.site, config.twin, config.cells)
    clock = SimulatedClock(twin.time)
    with open_stores(config, simulated=True) as stores:
        station = make_station(config, LIVE, clock, twin, None, stores)
        app = create_app(config, station)
        token = first_token(stores.ledger, clock.now())
        with TestClient(app) as reader, TestClient(app, headers={"Authorization": f"Bearer {token}"}) as writer:
            made = Site(station, twin, clock, writer, reader)
            made.run(5.0)
            yield made


def words(answer):
    return answer.json()["detail"]["en"]


def mode(site):
    return site.writer.get("/api/snapshot").json()["mode"]["mark"]


def test_a_site_is_armed_by_its_name_and_disarmed_without(real):
    assert mode(real) == real.writer.get("/api/site").json()["mark"] == "SHADOW"
    wrong = real.writer.post("/api/mode", json={"mark": "LIVE", "site": "Park", "by": "Li"})
    assert wrong.status_code == 422
    assert "type this site's id park" in words(wrong)
    assert mode(real) == "SHADOW"
    body = {"mark": "LIVE", "site": " Wutong Park", "by": "Li", "reason": "commissioned"}
    answer = real.writer.post("/api/mode", json=body).json()
    assert (answer["mode"]["mark"], answer["mode"]["by"], answer["failed"]) == ("LIVE", "Li [first start]", [])
    assert mode(real) == real.writer.get("/api/site").json()["mode"]["mark"] == "LIVE"
    assert real.writer.post("/api/mode", json={"mark": "SHADOW"}).json()["mode"]["mark"] == "SHADOW"
    assert mode(real) == "SHADOW"


def test_a_simulated_site_has_nothing_to_arm(site):
    answer = site.writer.post("/api/mode", json={"mark": "LIVE", "site": "park"})
    assert answer.status_code == 409
    assert "simulated" in words(answer)


def test_in_shadow_the_day_shows_what_it_would_have_saved(real):
    real.run(60.0)
    live = live_json(real.station)
    assert live is not None
    LiveModel.model_validate(live)
    assert live["today"]["shadow_money"] is not None
    shadow = real.writer.get("/api/shadow").json()
    ShadowModel.model_validate(shadow)
    assert shadow["today"]["money"] == pytest.approx(live["today"]["shadow_money"], abs=0.01)
    assert 0.0 < shadow["today"]["soc"] < 1.0
    real.writer.post("/api/mode", json={"mark": "LIVE", "site": "park"})
    real.run(2.0)
    assert real.writer.get("/api/snapshot").json()["today"]["shadow_money"] is None
    shadow = real.writer.get("/api/shadow").json()
    assert shadow["today"] is None
    assert len(shadow["days"]) == 1


def test_a_lock_is_hung_shown_and_taken_off(real):
    body = {"target": "b1", "by": "Li", "reason": "fan replaced"}
    (lock,) = real.writer.post("/api/locks", json=body).json()["locks"]
    assert (lock["target"], lock["by"], lock["reason"]) == ("b1", "Li [first start]", "fan replaced")
    again = real.writer.post("/api/locks", json=body)
    assert again.status_code == 409
    assert "locked already, by Li" in words(again)
    real.run(2.0)
    live = real.writer.get("/api/snapshot").json()
    assert live["locks"] == [lock] == real.writer.get("/api/locks").json()["locks"]
    assert live["decision"]["setpoints"]["b1"] == {"power_w": 0.0, "reactive_power_var": 0.0, "run": False}
    without = real.writer.delete("/api/locks/b1")
    assert without.status_code == 422
    assert "a reason" in words(without)
    assert real.writer.delete("/api/locks/b1", params={"reason": "done", "by": "Li"}).json() == {"locks": []}
    assert real.writer.delete("/api/locks/b1", params={"reason": "done"}).status_code == 404


def test_no_machine_takes_a_lock_off_once_people_can_log_in(real):
    real.writer.post("/api/locks", json={"target": "b1", "by": "Li", "reason": "fan replaced"})
    real.station.ledger.users.add("li", Role.OPERATOR, "a long pass phrase", real.clock.now())
    refused = real.writer.delete("/api/locks/b1", params={"reason": "done"})
    assert refused.status_code == 403
    assert "only a person" in words(refused)
    assert len(real.writer.get("/api/locks").json()["locks"]) == 1
    login = {"user": "li", "password": "a long pass phrase"}
    assert real.reader.post("/api/login", json=login, headers={"X-Leyden": "1"}).status_code == 200
    taken = real.reader.delete("/api/locks/b1", params={"reason": "done"}, headers={"X-Leyden": "1"})
    assert taken.json() == {"locks": []}


def test_the_months_demand_is_entered_and_shown(real):
    assert real.writer.post("/api/demand", json={"power_w": 1.2e6, "by": "Li"}).json() == {"demand_month_w": 1.2e6}
    real.run(1.0)
    assert real.writer.get("/api/snapshot").json()["today"]["demand_month_w"] == 1.2e6
    assert real.writer.post("/api/demand", json={"power_w": -1.0}).status_code == 422


def test_what_people_did_is_told_in_both_languages(real):
    real.writer.post("/api/mode", json={"mark": "LIVE", "site": "park", "by": "Li", "reason": "commissioned"})
    order = {"target": "b1", "power_w": 3e5, "duration_s": 900.0, "by": "Li", "reason": "test of the meter"}
    granted = real.writer.post("/api/manual", json=order).json()
    real.writer.delete(f"/api/manual/{granted['command']['id']}", params={"by": "Wang"})
    real.writer.post("/api/locks", json={"target": "batteries", "by": "Li", "reason": "fan"})
    real.writer.delete("/api/locks/batteries", params={"by": "Wang", "reason": "done"})
    real.writer.post("/api/demand", json={"power_w": 1.2e6, "by": "Li"})
    real.run(1.0)
    told = real.writer.get("/api/actions").json()
    Actions.model_validate(told)
    who = "[first start]"
    assert [action["text"]["en"] for action in reversed(told["actions"])] == [
        f"Li {who} armed the site (before: SHADOW): commissioned",
        f"Li {who} set b1 to 300 kW for 900 s: test of the meter",
        f"Wang {who} ended the command for b1 (300 kW)",
        f"Li {who} locked batteries: fan",
        f"Wang {who} unlocked batteries (locked by Li {who}): done",
        f"Li {who} set the month's demand from — to 1.2 MW",
    ]
    assert told["actions"][-1]["text"]["zh"] == f"Li {who} 投入运行(此前:SHADOW),原因:commissioned"
    assert len(real.writer.get("/api/actions", params={"limit": 2}).json()["actions"]) == 2
    early = real.writer.get("/api/actions", params={"end": "0001-01-01T00:00:00+14:00"})
    assert (early.status_code, "between 1990" in early.json()["detail"]["en"]) == (422, True)


def test_commands_tell_what_their_devices_do(real):
    order = {"target": "b1", "power_w": 3e5, "duration_s": 900.0, "by": "Li"}
    real.writer.post("/api/manual", json=order)
    real.run(5.0)
    (shadow,) = real.writer.get("/api/snapshot").json()["commands"]
    # Nobody was told anything, so nobody can be said to follow.
    assert shadow["readback"]["followed"] is None
    real.writer.post("/api/mode", json={"mark": "LIVE", "site": "park"})
    real.run(15.0)
    (live,) = real.writer.get("/api/snapshot").json()["commands"]
    assert live["readback"]["setpoint_w"] == pytest.approx(3e5, abs=1.0)
    assert live["readback"]["power_w"] == pytest.approx(3e5, rel=0.02)
    assert live["readback"]["followed"] is True
    real.twin.faults.put("setpoint-ignored", "b1" if "b1" in real.twin.batteries else "pcs1", {})
    real.writer.post("/api/manual", json={**order, "power_w": -3e5})
    real.run(12.0)
    (ignored,) = real.writer.get("/api/snapshot").json()["commands"]
    assert ignored["readback"]["followed"] is False


def test_why_begins_with_who_commands_and_tells_every_step(real):
    real.run(20.0)
    before = real.clock.now()
    now = real.writer.get("/api/why").json()
    WhyModel.model_validate(now)
    assert now["number"] == real.station.moment.decision.number
    assert now["headline"]["en"].startswith("shadow: this was decided and not sent; ")
    assert len(now["lines"]) == len(now["steps"]) + 1
    assert now["lines"][0] == now["sentence"]
    real.writer.post("/api/mode", json={"mark": "LIVE", "site": "park"})
    real.writer.post("/api/locks", json={"target": "b1", "by": "Li", "reason": "fan"})
    real.run(30.0)
    live = real.writer.get("/api/why").json()
    assert not live["shadow"]
    assert "b1 is locked by Li [first start]: fan — b1 may do 0 W … 0 W" in live["lines"][1]["en"]
    # And what it was before is still told, with the mode of that moment.
    then = real.writer.get("/api/why", params={"time": (before - timedelta(seconds=0.5)).isoformat()}).json()
    assert then["time"] == time_json(before - timedelta(seconds=1))
    assert then["shadow"]
    assert then["lines"] == now["lines"]
    early = real.writer.get(f"/api/why?time={quote('2000-01-01T00:00:00')}")
    assert early.status_code == 404
    assert "no decision" in words(early)

"""The whole park over real sockets: what an operator relies on, from outside."""

import os
import signal

import pytest

from leyden.runtime.http import AnswerError, request_json
from tests.whole.park import pid_of, running, wait_for


@pytest.fixture(scope="module")
def park(tmp_path_factory):
    with running(tmp_path_factory.mktemp("park"), "park.toml", "--speed", "10", "--start", "2026-09-20T02:00") as park:
        yield park


def powers(live):
    return {name: value for name, value in live["points"].items() if name.endswith(".power_w")}


def test_every_thing_is_measured_and_the_powers_balance(park):
    live = park.wait_live(lambda live: all(v is not None for v in powers(live).values()), "not all powers came")
    measured = powers(live)
    assert set(measured) == {"grid.power_w", "b1.power_w", "pv1.power_w", "w1.power_w", "line1.power_w"}
    assert measured["line1.power_w"] < 0.0
    largest = max(map(abs, measured.values()))

    def balanced(live):
        residual_w = live["points"]["site.residual_w"]
        return residual_w is not None and abs(residual_w) <= 0.005 * largest

    # Meters are not read at one instant: they agree at moments when nothing moves.
    park.wait_live(balanced, "the measured powers never balanced", 20)


def test_the_decision_says_who_commands_and_why(park):
    live = park.live()
    assert live["decision"]["sentence"]["en"]
    assert live["decision"]["sentence"]["zh"]
    controllers = [step["controller"] for step in live["decision"]["steps"]]
    assert controllers[0] == "ratings"
    assert controllers[-1] != "ratings"


def test_a_command_is_followed_and_ends_by_itself(park):
    granted = park.post("/api/manual", {"target": "b1", "power_w": 2e5, "duration_s": 40.0, "by": "test"})
    assert granted["command"]["power_w"] == 2e5
    park.wait_live(lambda live: abs(live["points"]["b1.power_w"] - 2e5) < 1e4, "the command was not followed")
    park.wait_live(lambda live: not live["commands"], "the command did not end")
    # Then back at a ramp, which is still the manual controller's doing, to what the plan says.
    park.wait_live(lambda live: live["decision"]["commander"]["controller"] == "follow-plan", "the plan did not go on")


def test_writing_needs_the_token_and_sense(park):
    body = {"target": "b1", "power_w": 1.0, "duration_s": 40.0, "by": "test"}
    for token in (None, "wrong"):
        with pytest.raises(AnswerError) as refusal:
            request_json("POST", park.url + "/api/manual", body, token)
        assert refusal.value.status == 401
    with pytest.raises(AnswerError, match="there are: b1, batteries"):
        park.post("/api/manual", {**body, "target": "b7"})
    assert park.live()["commands"] == []


def test_a_dead_device_turns_stale_raises_one_alarm_and_comes_back(park):
    fault = park.post("/api/twin/faults", {"kind": "silent", "target": "line", "params": {}})
    live = park.wait_live(lambda live: live["bad"].get("line1.power_w"), "the dead meter still looked live")
    live = park.wait_live(
        lambda live: [a for a in live["alarms"] if a["source"] == "line"], "a dead device raised no alarm"
    )
    assert len([alarm for alarm in live["alarms"] if alarm["source"] == "line"]) == 1
    assert live["bad"].get("grid.power_w") is None
    park.delete(f"/api/twin/faults/{fault['id']}")
    park.wait_live(lambda live: not live["bad"].get("line1.power_w"), "the meter did not come back", 90)


def test_history_decisions_and_export_can_be_asked_for(park):
    site = park.get("/api/site")
    assert {"grid.power_w", "b1.soc"} <= {point["name"] for point in site["points"]}
    found = wait_for(
        lambda: park.get("/api/history?points=grid.power_w,b1.soc&width=100")["series"]["b1.soc"]["t"],
        "nothing was recorded",
    )
    assert found == sorted(found)
    decisions = park.get("/api/decisions?limit=5")["decisions"]
    assert len(decisions) == 5
    assert decisions[0]["steps"]
    with pytest.raises(AnswerError, match="no such point: b9"):
        park.get("/api/history?points=b9.soc")


def test_the_cells_of_the_whole_container_are_there(park):
    park.wait_live(lambda live: live["points"]["b1.cell_voltage_min_v"], "no cell extremes")
    cells = wait_for(lambda: _cells(park), "no cell frame came")
    assert cells["shape"] == [10, 8, 48]
    assert len(cells["voltage_mv"]) == 3840
    assert all(2500 <= mv <= 3650 for mv in cells["voltage_mv"])


def _cells(park):
    try:
        return park.get("/api/cells/b1")
    except AnswerError:
        return None


def test_a_dead_site_means_a_resting_battery_and_comes_back_by_itself(park):
    park.post("/api/manual", {"target": "b1", "power_w": 3e5, "duration_s": 3600.0, "by": "test"})
    park.wait_live(lambda live: live["points"]["b1.power_w"] > 2.5e5, "the command was not followed")
    before = park.live()
    park.kill_site()
    # The supervisor starts it again; the lease goes on for what is left of it, and numbers never run backwards.
    live = park.wait_live(lambda live: live["t"] > before["t"] + 30.0, "the site did not come back", 90)
    assert [command["power_w"] for command in live["commands"]] == [3e5]
    park.delete(f"/api/manual/{live['commands'][0]['id']}")


def test_the_demo_ends_with_its_children(tmp_path):
    with running(tmp_path, "park.toml", "--speed", "10", "--start", "2026-09-20T00:10") as park:
        os.kill(park.process.pid, signal.SIGTERM)
        assert park.process.wait(20) == 0
        assert pid_of("leyden", "up", str(park.site_file)) is None
        assert pid_of("leyden", "twin", str(park.site_file)) is None

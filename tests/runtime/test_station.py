"""The station around the cycle: restarts, clocks that jump, disks that are full, alarms that name the culprit."""

from datetime import timedelta

import pytest

from leyden.history import LedgerError
from leyden.runtime.wiring import SHADOW, make_station
from tests.whole.inside import configured, inside

START = "2026-09-20T11:30"


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path)


def standing(site):
    return {alarm.key for alarm in site.station.alarms.active() if alarm.standing}


def moment(site):
    found = site.station.moment
    assert found is not None
    return found


def commander(site):
    step = moment(site).decision.commander
    return None if step is None else step.controller


def test_there_is_a_plan_before_the_first_decision(config):
    with inside(config, START) as site:
        site.run(1.0)
        assert moment(site).decision.number == 1
        assert commander(site) == "follow-plan"


def test_a_preview_is_what_is_then_done(config):
    with inside(config, START) as site:
        site.run(5.0)
        would = site.station.preview("b1", 4e5)
        assert would is not None
        site.station.command("b1", 4e5, 60.0, "ann")
        site.run(2.0)
        done = moment(site).decision
        assert done.setpoints["b1"] == would.setpoints["b1"]
        assert done.commander.controller == "manual"


def test_a_restart_keeps_what_must_hold(config):
    with inside(config, START) as site:
        site.run(30.0)
        site.station.command("b1", 4e5, 600.0, "ann")
        site.station.command("batteries", 1e5, 5.0, "ann")
        site.run(120.0)
        site.station.keep_today()
        before, now = moment(site).today, site.clock.now()
    with inside(config, now + timedelta(seconds=100)) as again:
        again.run(2.0)
        (command,) = moment(again).snapshot.context.commands
        assert command.power_w == 4e5
        assert command.remaining_s == pytest.approx(600.0 - 120.0 - 100.0, abs=3.0)
        assert moment(again).today.discharged_wh >= before.discharged_wh > 0.0


def test_a_clock_that_jumps_rests_the_plan_until_a_person_has_looked(config):
    with inside(config, START) as site:
        site.run(5.0)
        site.clock.origin += timedelta(hours=2)
        site.run(3.0)
        assert "clock-jumped" in standing(site)
        assert commander(site) != "follow-plan"
        alarm = next(a for a in site.station.alarms.active() if a.key == "clock-jumped")
        site.station.acknowledge(alarm.id, "ann")
        site.run(3.0)
        assert "clock-jumped" not in standing(site)
        assert commander(site) == "follow-plan"


def test_a_ledger_that_cannot_be_written_is_an_alarm_and_no_stop(config, monkeypatch):
    with inside(config, START) as site:
        site.run(2.0)

        def full(*args):
            raise LedgerError("the disk is full")

        monkeypatch.setattr(site.station.ledger.states, "save", full)
        before = moment(site).decision.number
        site.run(65.0)
        assert moment(site).decision.number == before + 65
        assert "ledger-failing" in standing(site)
        monkeypatch.undo()
        site.run(65.0)
        assert "ledger-failing" not in standing(site)


def test_a_limit_that_cannot_be_kept_is_an_alarm_that_names_the_culprit(tmp_path):
    config = configured(tmp_path, text=lambda text: text.replace('import_limit = "2.1 MW"', 'import_limit = "0.5 MW"'))
    with inside(config, START, soc=0.08) as site:
        site.run(20.0)
        missed = [a for a in site.station.alarms.active() if a.key.startswith("import-limit-missed")]
        assert len(missed) == 1
        assert "kW" in missed[0].condition.text.en
        assert "b1 at its reserve" in missed[0].condition.text.en


def test_in_shadow_nothing_is_written_and_nobody_is_blamed_for_not_following(config):
    with inside(config, START) as site:
        told = site.twin.truth().battery["b1"]
        shadow = make_station(site.config, SHADOW, site.clock, site.twin, None, site.stores)
        assert "following" not in {controller.name for controller in shadow.controllers}
        for _ in range(30):
            shadow.turn()
            site.twin.step(1.0)
            site.clock.advance(1.0)
        assert shadow.moment is not None
        assert shadow.moment.decision.total_w != 0.0
        assert site.twin.truth().battery["b1"].power_w == told.power_w == 0.0
        assert not [alarm for alarm in shadow.alarms.active() if alarm.key.startswith("not-following")]

"""Shadow, arm and disarm in simulated time: what is kept, what is written, and from where commands go on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from leyden.alarms import AlarmBook
from leyden.history import Ledger, LedgerError
from leyden.model.plant import Setpoints
from leyden.model.setpoint import Setpoint
from leyden.model.words import Words
from leyden.runtime.blackbox import BlackBox, BlackBoxOptions, decode, pieces_between
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.mode import LIVE, SHADOW, Helm, kept_mode
from leyden.runtime.refused import RefusedError
from leyden.runtime.replay import replay
from leyden.runtime.station import Station
from leyden.runtime.wiring import LIVE as FIELD
from leyden.runtime.wiring import make_station
from tests.whole.inside import Inside, configured, inside

START = "2026-09-20T11:30"
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
RATED_W = 1.5e6


@pytest.fixture
def config(tmp_path):
    return configured(tmp_path)


@dataclass
class Twin:
    """A twin that counts what it is told."""

    inner: object
    told: list[Setpoints] = field(default_factory=list)

    def read(self):
        return self.inner.read()  # type: ignore[attr-defined]

    def write(self, setpoints: Setpoints) -> None:
        self.told.append(setpoints)
        self.inner.write(setpoints)  # type: ignore[attr-defined]


def real(site: Inside) -> tuple[Station, Twin]:
    """A station of the same parts that takes the twin for real devices."""
    plant = Twin(site.twin)
    return make_station(site.config, FIELD, site.clock, plant, None, site.stores), plant


def turn(site: Inside, station: Station, seconds: int) -> list[float]:
    """The decided totals, second by second."""
    totals = []
    for _ in range(seconds):
        station.turn()
        assert station.moment is not None
        totals.append(station.moment.decision.total_w)
        site.twin.step(1.0)
        site.clock.advance(1.0)
    return totals


def did_w(site: Inside) -> float:
    return site.twin.batteries["b1"].pcs.power_w


async def test_a_real_site_starts_in_shadow_and_stays_as_it_was_left(config):
    with inside(config, START) as site:
        station, plant = real(site)
        assert (station.mode.mark, station.mode.by) == (SHADOW, "first start")
        turn(site, station, 20)
        assert plant.told == []
        armed = await station.arm("Li", "commissioned")
        assert (armed.mark, armed.by, armed.since) == (LIVE, "Li", site.clock.now())
        turn(site, station, 20)
        assert len(plant.told) == 20
        # Nobody says goodbye: another process finds what was kept.
        again, other = real(site)
        assert again.mode == armed
        turn(site, again, 5)
        assert len(other.told) == 5
        assert await again.disarm("Wang", "meter work") == {}
        turn(site, again, 5)
        assert len(other.told) == 5
        third, _ = real(site)
        assert third.mode.mark == SHADOW
        log = site.stores.ledger.actions.between(site.clock.now() - timedelta(days=1), site.clock.now())
        assert [(a.by, a.what, a.before, a.after, a.why) for a in reversed(log)] == [
            ("Li", "armed", SHADOW, LIVE, "commissioned"),
            ("Wang", "disarmed", LIVE, SHADOW, "meter work"),
        ]


async def test_a_simulated_site_is_neither_armed_nor_disarmed(config):
    with inside(config, START) as site:
        assert site.station.mode.mark == "SIMULATED"
        for change in (site.station.arm, site.station.disarm):
            with pytest.raises(RefusedError, match="simulated") as refused:
                await change("Li", "")
            assert refused.value.status == 409


@pytest.mark.parametrize("found_w", [-1.2e6, 0.0, 1.4e6])
async def test_when_armed_commands_go_on_from_what_is_measured(config, found_w):
    """Somebody else has driven the converter until now."""
    with inside(config, START) as site:
        station, plant = real(site)
        for _ in range(10):
            site.twin.write({"b1": Setpoint(found_w)})
            turn(site, station, 1)
        was_w = did_w(site)
        assert was_w == pytest.approx(found_w, rel=0.02, abs=1e3)
        await station.arm("Li", "")
        totals = turn(site, station, 25)
        assert totals[0] == pytest.approx(was_w, rel=0.01, abs=2e3)
        steps = [abs(after - before) for before, after in pairwise(totals[:13])]
        assert max(steps) <= 0.2 * RATED_W + 2e4
        # In the end what anybody would decide there.
        assert station.moment is not None
        assert "soft-start" not in {step.controller for step in station.moment.decision.steps}
        assert plant.told


async def test_a_restart_goes_on_from_what_the_converter_does(config):
    """Killed at 1.2 MW; the converter has meanwhile gone to rest, or is still at it."""
    for rested_s, expected_w in ((0, 1.2e6), (60, 0.0)):
        with inside(config, START) as site:
            station, _ = real(site)
            await station.arm("Li", "")
            station.command("b1", 1.2e6, 3600.0, "Li")
            turn(site, station, 30)
            for _ in range(rested_s):  # nobody feeds its watchdog
                site.twin.step(1.0)
                site.clock.advance(1.0)
            if rested_s:
                site.twin.write({"b1": Setpoint(0.0)})
                site.twin.step(5.0)
            again, _ = real(site)
            totals = turn(site, again, 20)
            assert totals[0] == pytest.approx(expected_w, rel=0.02, abs=2e3)
            assert totals[-1] == pytest.approx(1.2e6, rel=1e-6)
            await again.disarm("Li", "")


@dataclass
class Devices:
    """Devices that can be made to refuse."""

    calls: list[str] = field(default_factory=list)
    refuses: Exception | None = None
    gone: Mapping[str, Words] = field(default_factory=dict)

    async def poll(self, deadline_s: float) -> None:
        pass

    def links(self):
        return {}

    def writes(self):
        return {}

    def conditions(self):
        return ()

    def acknowledge(self, key: str) -> bool:
        return False

    async def arm(self) -> None:
        self.calls.append("arm")
        if self.refuses is not None:
            raise self.refuses

    async def disarm(self) -> Mapping[str, Words]:
        self.calls.append("disarm")
        return self.gone


@pytest.fixture
def ledger(tmp_path):
    kept = Ledger(tmp_path / "data")
    yield kept
    kept.close()


def helm(ledger: Ledger, devices: Devices) -> Helm:
    clock = SimulatedClock(NOON)
    return Helm(kept_mode(ledger, False, NOON), clock, ledger, devices)


async def test_what_cannot_be_taken_over_stays_in_shadow(ledger):
    found = helm(ledger, Devices(refuses=RefusedError(Words("设备拒绝", "pcs1 keeps to 300 kW"))))
    with pytest.raises(RefusedError, match=r"stays in shadow: pcs1 keeps to 300 kW"):
        await found.arm("Li", "")
    assert found.mode.mark == SHADOW
    assert kept_mode(ledger, False, NOON).mark == SHADOW
    # And it can be tried again.
    with pytest.raises(RefusedError, match="pcs1"):
        await found.arm("Li", "")


async def test_what_was_not_handed_back_is_an_alarm_until_it_is_over_a_restart_too(ledger):
    devices = Devices(gone={"pcs1": Words("无应答", "no answer")})
    found = helm(ledger, devices)
    await found.arm("Li", "")
    assert await found.disarm("Li", "") == devices.gone
    book = AlarmBook(ledger.alarms)
    book.update(list(found.conditions()), NOON)
    (alarm,) = book.active()
    assert (alarm.key, alarm.condition.priority) == ("not-handed-back:pcs1", 1)
    assert "pcs1 could not be handed back on leaving live: no answer" in alarm.condition.text.en
    other = helm(ledger, again := Devices())
    assert [condition.source for condition in other.conditions()] == ["pcs1"]
    # The new process has told the device nothing: it takes it over to hand it back.
    assert await other.disarm("Li", "") == {}
    assert again.calls == ["arm", "disarm"]
    assert list(other.conditions()) == []
    assert list(helm(ledger, Devices()).conditions()) == []


async def test_live_that_cannot_be_kept_is_not_entered(ledger, monkeypatch):
    found = helm(ledger, devices := Devices())

    def full(*args):
        raise LedgerError("the disk is full")

    monkeypatch.setattr(ledger.states, "save", full)
    with pytest.raises(LedgerError):
        await found.arm("Li", "")
    assert (found.mode.mark, devices.calls) == (SHADOW, [])


async def test_shadow_that_cannot_be_kept_holds_all_the_same_and_is_told(ledger, monkeypatch):
    found = helm(ledger, devices := Devices())
    await found.arm("Li", "")

    def full(*args):
        raise LedgerError("the disk is full")

    monkeypatch.setattr(ledger.states, "save", full)
    with pytest.raises(LedgerError):
        await found.disarm("Li", "")
    assert (found.mode.mark, devices.calls) == (SHADOW, ["arm", "disarm"])
    assert kept_mode(ledger, False, NOON).mark == LIVE


async def test_what_happened_while_a_site_was_armed_and_locked_is_decided_again_bit_by_bit(config, tmp_path):
    """The take-over stands in the middle of a box: a replay takes over at the same moment from the same power."""
    with inside(config, START) as site:
        station, _ = real(site)
        box = BlackBox(tmp_path / "box", BlackBoxOptions(flush_s=600.0), lambda: station.controllers)
        station.witnesses.append(box.witness)
        turn(site, station, 20)
        site.twin.write({"b1": Setpoint(7e5)})
        turn(site, station, 5)
        await station.arm("Li", "")
        turn(site, station, 20)
        station.lock("b1", "Li", "fan")
        turn(site, station, 10)
        await station.disarm("Li", "")
        turn(site, station, 5)
        box.close()
        begun, ended = site.clock.now() - timedelta(hours=1), site.clock.now()
        pieces = pieces_between(tmp_path / "box", begun.timestamp(), ended.timestamp())
        chunks = [decode(piece.content) for piece in pieces]
        again = list(replay(site.site, config.controllers, chunks, begun, ended))
        assert len(again) == 60
        assert [one.differences for one in again if one.differences] == []
        powers = [one.decision.total_w for one in again]
        assert powers[25] == pytest.approx(7e5, rel=0.02)
        assert powers[45] == 0.0

"""The black box: what it keeps comes back bit by bit, and any quarter of an hour can be decided again."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from leyden.model.bounds import FREE, Bounds
from leyden.model.proposal import Want
from leyden.model.quality import Quality, Stamp
from leyden.model.readings import BatteryReading, ConverterReading, GridReading, Readings
from leyden.model.reason import NobodyAsks
from leyden.model.site import BATTERIES
from leyden.model.states import ConverterState
from leyden.model.words import Words
from leyden.runtime.blackbox import BlackBox, BlackBoxOptions, decode, encode, pieces, pieces_between
from leyden.runtime.blackbox.chunk import Chunk, Cycle, Outcome
from leyden.runtime.blackbox.layout import pack, slots_of, unpack
from leyden.runtime.blackbox.ring import FILE_S, Pin, Ring, files_of
from leyden.runtime.blackbox.tagged import TaggedError, dump, load
from leyden.runtime.replay import replay
from tests.whole.inside import Inside, configured, inside

START = "2026-09-20T11:30"
LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


# Values come back as what they were.

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FLOATS | st.text() | st.just(ConverterState.RUNNING),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def same(left: Any, right: Any) -> bool:
    """Equal, of one type, and nan is nan."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.copysign(1.0, left) == math.copysign(1.0, right) and (left == right or left != left != right)
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


@given(PLAIN)
def test_a_value_comes_back_as_what_it_was(value):
    found = load(dump(value))
    assert same(found, value) or (value != value and found != found)


def test_what_code_asks_for_by_identity_comes_back_as_that_very_one():
    assert load(dump(Want(BATTERIES, NobodyAsks(), power_w=Bounds(-math.inf, math.inf)))).power_w is FREE


@pytest.mark.parametrize(
    "text",
    [
        b'{"~":"o","c":"subprocess:Popen","v":{"args":"true"}}',
        b'{"~":"o","c":"leyden.runtime.http:fetch","v":{}}',
        b'{"~":"o","c":"leyden.runtime.config:Path","v":{}}',
        b'{"~":"e","c":"os:PathLike","v":1}',
        b'{"~":"o","c":"leyden.nowhere:Thing","v":{}}',
        b'{"~":"x","v":1}',
        b'{"v":1}',
        b"[1,",
    ],
)
def test_a_text_from_elsewhere_makes_nothing_but_values(text):
    with pytest.raises(TaggedError):
        load(text)


def test_what_is_no_value_is_refused():
    with pytest.raises(TaggedError, match="object"):
        dump({"a": object()})


# Rows and chunks.

ARRAY = arrays.arrays(
    np.float64, (2, 3, 4), elements=st.floats(-5.0, 5.0).map(lambda x: round(x, 3)) | st.just(math.nan)
)
READING = st.builds(
    lambda soc, cells, age_s, quality: BatteryReading(
        soc=soc,
        cell_voltage_v=cells,
        rack_soc=cells[0, 0],
        stamps={"soc": Stamp(age_s, quality), "cell_voltage_v": Stamp(age_s, Quality.GOOD)},
    ),
    FLOATS,
    ARRAY | arrays.arrays(np.float64, (1, 2, 2), elements=st.floats(width=64)),
    st.floats(0.0, 1e9),
    st.sampled_from(Quality),
)


def cycle(number: int, readings: Readings) -> Cycle:
    outcome = Outcome(number, 1.5, 2**62 + number, (("b1", -0.0, math.inf, True), ("pv1", 2.5, 0.0, False)))
    return Cycle(10**15 + number, 0.1 * number, pack(slots_of(readings), readings), {"price": "1"}, outcome)


def chunk(readings: list[Readings]) -> Chunk:
    cycles = tuple(cycle(number, one) for number, one in enumerate(readings))
    return Chunk(slots_of(readings[0]), ("a", "b"), "{}", ("c",), "1.2", cycles)


def bits(readings: Readings) -> list[bytes]:
    battery = readings.battery["b1"]
    values = [np.float64(getattr(battery, name)).tobytes() for name in ("soc", "soh", "fault_bits")]
    return [*values, *(getattr(battery, name).tobytes() for name in ("cell_voltage_v", "rack_soc", "rack_current_a"))]


@settings(max_examples=40)
@given(st.lists(READING, min_size=1, max_size=6))
def test_readings_come_back_bit_by_bit(found):
    readings = [
        Readings(grid=GridReading(power_w=-0.0), battery={"b1": one}, converter={"b1": ConverterReading()})
        for one in found
    ]
    before = chunk(readings)
    after = decode(encode(before))
    assert (after.slots, after.controllers, after.unkept, after.version) == (before.slots, ("a", "b"), ("c",), "1.2")
    for told, was, now in zip(readings, before.cycles, after.cycles, strict=True):
        back = unpack(after.slots, now.row)
        assert bits(back) == bits(told)
        assert back.battery["b1"].stamps == told.battery["b1"].stamps
        assert back.converter["b1"].stamps == {}
        assert np.float64(back.grid.power_w).tobytes() == np.float64(-0.0).tobytes()
        assert (now.t_us, now.elapsed_s, now.changes, now.outcome) == (
            was.t_us,
            was.elapsed_s,
            was.changes,
            was.outcome,
        )


@settings(max_examples=30)
@given(st.data())
def test_a_file_that_is_cut_or_damaged_keeps_the_chunks_before(data):
    piece = encode(chunk([Readings(battery={"b1": BatteryReading(soc=0.5)})]))
    content = bytearray(piece * 3)
    at = data.draw(st.integers(0, len(content) - 1))
    assert len(list(pieces(bytes(content[:at])))) == at // len(piece)
    content[at] ^= 0xFF
    found = list(pieces(bytes(content)))
    assert at // len(piece) <= len(found) <= 3
    assert all(one.content == piece for one in found[: at // len(piece)])


# The ring.


def test_the_oldest_goes_first_and_incidents_last(tmp_path):
    piece = bytes(300_000)
    ring = Ring(tmp_path, BlackBoxOptions(disk_mb=2))
    begin = 1_800_000_000
    ring.pin(Pin(begin - 10.0, begin + 10.0, "meter-lost:gate"))
    for number in range(40):
        ring.append(piece, round((begin + number * FILE_S) * 1e6))
    kept = [path.name for path in files_of(tmp_path)]
    assert sum(path.stat().st_size for path in files_of(tmp_path)) <= 2_300_000
    assert kept[0].startswith(f"{datetime.fromtimestamp(begin, UTC):%Y%m%dT%H%M}")
    assert kept[1:] == sorted(kept[1:])[-len(kept[1:]) :]
    # A restart knows what is pinned.
    assert Ring(tmp_path, BlackBoxOptions()).pins == ring.pins


def test_what_is_older_than_wanted_goes(tmp_path):
    ring = Ring(tmp_path, BlackBoxOptions(keep_s=3600.0))
    for number in range(20):
        ring.append(b"x", round((1_800_000_000 + number * FILE_S) * 1e6))
    assert 4 <= len(files_of(tmp_path)) <= 7


# Deciding again.


@contextmanager
def boxed(site: Inside, folder: Path, flush_s: float = 600.0) -> Iterator[BlackBox]:
    box = BlackBox(folder, BlackBoxOptions(flush_s=flush_s), lambda: site.station.controllers)
    site.station.witnesses.append(box.witness)
    try:
        yield box
    finally:
        site.station.witnesses.remove(box.witness)
        box.close()


def decided_again(site: Inside, folder: Path, start: datetime = LONG_AGO, end: datetime = LATER) -> list[Any]:
    chunks = [decode(piece.content) for piece in pieces_between(folder, start.timestamp(), end.timestamp())]
    return list(replay(site.site, site.config.controllers, chunks, start, end))


def recorded(site: Inside) -> dict[int, bytes]:
    assert site.stores.record.flush()
    found = site.stores.record.decisions(site.clock.now() - timedelta(days=1), site.clock.now() + timedelta(1), 20_000)
    return {row.number: row.body for row in found}


def all_that_can_happen(site: Inside) -> None:
    """Leases, locks, faults, a clock that jumps, plans made anew."""
    site.run(20.0)
    site.station.command("b1", 4e5, 15.0, "ann")
    site.run(25.0)
    fault = site.twin.faults.put("silent", "gate")
    site.run(20.0)
    site.twin.faults.take(fault.id)
    site.station.command("batteries", -2e5, 600.0, "bo")
    trip = site.twin.faults.put("setpoint-ignored", "b1")
    site.run(30.0)
    site.twin.faults.take(trip.id)
    site.station.lock("b1", "cy", "somebody is inside")
    site.run(10.0)
    site.station.unlock("b1", "cy", "all out")
    site.clock.origin += timedelta(hours=1)
    site.run(10.0)
    site.station.jump.accept()
    site.run(10.0)


@pytest.mark.parametrize("name", ["park.toml", "two-containers.toml"])
def test_every_decision_is_made_again_bit_by_bit(tmp_path, name):
    with inside(configured(tmp_path, name), START) as site, boxed(site, tmp_path / "box") as box:
        all_that_can_happen(site)
        assert box.flush(60.0)
        assert (box.dropped, box.failing) == (0, None)
        again = decided_again(site, tmp_path / "box")
        assert [one.differences for one in again if one.differences] == []
        # And not by comparing itself with itself: it is what the record has, letter by letter.
        kept = recorded(site)
        assert len(again) == len(kept) == 125
        assert all(kept[one.decision.number] == one.body for one in again)


def test_a_restart_is_decided_again_with_what_was_kept(tmp_path):
    config = configured(tmp_path)
    with inside(config, "2026-01-21T17:30", soc=0.09, soc_error=0.0) as site, boxed(site, tmp_path / "box"):
        site.run(20.0)
        now = site.clock.now()
    # Within the hysteresis of its reserve: what is decided depends on what was kept over the restart.
    with inside(config, now, soc=0.11, soc_error=0.0) as site, boxed(site, tmp_path / "box"):
        site.run(20.0)
        assert site.moment.decision.total_w <= 0.0
    again = decided_again(site, tmp_path / "box")
    assert len(again) == 40
    assert not any(one.differences for one in again)


def test_any_moment_can_be_taken_out_and_cycles_that_are_missing_cost_no_more_than_themselves(tmp_path):
    with inside(configured(tmp_path), START) as site:
        with boxed(site, tmp_path / "box"):
            site.run(130.0)
        middle = site.clock.now() - timedelta(seconds=20)
        site.run(10.0)
        with boxed(site, tmp_path / "box"):
            site.run(20.0)
        again = decided_again(site, tmp_path / "box")
        assert len(again) == 150
        assert not any(one.differences for one in again)
        span = middle - timedelta(seconds=10), middle + timedelta(seconds=10)
        again = decided_again(site, tmp_path / "box", *span)
        assert [one.decision.time for one in again] == [span[0] + timedelta(seconds=n) for n in range(21)]
        assert not any(one.differences for one in again)


def test_another_site_file_decides_otherwise_and_that_is_told(tmp_path):
    with inside(configured(tmp_path), "2026-01-21T10:00", soc=0.8) as site, boxed(site, tmp_path / "box") as box:
        site.run(40.0)
        box.flush()
    limits = configured(tmp_path, text=lambda text: text.replace('import_limit = "2.1 MW"', 'import_limit = "0.4 MW"'))
    chunks = [decode(piece.content) for piece in pieces_between(tmp_path / "box", 0.0, 4e9)]
    again = list(replay(limits.site, limits.controllers, chunks, LONG_AGO, LATER))
    different = [one for one in again if one.differences]
    assert len(different) > 20
    assert any("b1" in words.en for one in different for words in one.differences)


@dataclass(frozen=True)
class Listless:
    """A controller whose state is no frozen value, so that it cannot be kept."""

    name: str = "listless"
    label: ClassVar[Words] = Words("列表", "listless")
    protective: ClassVar[bool] = False
    every_s: ClassVar[float] = 0.0

    def start(self) -> Any:
        return object()

    def propose(self, snapshot, state):
        return (), state

    def summary(self) -> Words:
        return self.label


def test_a_state_that_cannot_be_kept_is_named_and_costs_only_itself(tmp_path, monkeypatch):
    config = configured(tmp_path)
    with inside(replace(config, controllers=(*config.controllers, Listless())), START) as site:
        monkeypatch.setattr(site.station, "_keep", lambda *args: None)
        site.run(2.0)
        with boxed(site, tmp_path / "box") as box:
            site.run(10.0)
            assert box.flush()
            assert box.failing is None
        chunks = [decode(piece.content) for piece in pieces_between(tmp_path / "box", 0.0, 4e9)]
        assert chunks[-1].unkept == ("listless",)
        again = list(replay(site.site, site.station.controllers, chunks, LONG_AGO, LATER))
        assert len(again) == 10
        assert not any(one.differences for one in again)


def test_a_box_that_cannot_be_written_says_so_and_stops_nothing(tmp_path):
    (tmp_path / "box").write_text("a file is in the way")
    with inside(configured(tmp_path), START) as site, boxed(site, tmp_path / "box") as box:
        site.run(10.0)
        box.flush()
        assert box.failing is not None
        (tmp_path / "box").unlink()
        site.run(10.0)
        box.flush()
        assert box.failing is None
        assert len(decided_again(site, tmp_path / "box")) == 10

"""Points are read together in few blocks, and none is lost on the way."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.devices.blocks import MOST_REGISTERS, sweep_of
from leyden.devices.codec import TYPES, Coding, Words16
from leyden.devices.locate import Located, MisfitError
from leyden.devices.map import POLLS
from leyden.devices.progress import Progress
from tests.devices.places import every_role

WORD = Coding(TYPES["uint16"])


def scalar(name: str, address: int, factor: int | None = None, home: int | None = None, words: int = 1) -> Located:
    return Located("grid", name, "holding", address, words, WORD, factor, 0, home, "control")


def array(name: str, address: int, offsets: list[int], words: int = 1) -> Located:
    shape = (len(offsets),)
    return Located(
        "battery", name, "holding", address, words, WORD, poll="bulk", shape=shape, offsets=np.array(offsets, np.int64)
    )


POINTS = st.lists(
    st.builds(
        lambda address, words, table, factor: Located(
            "grid", f"p{address}", table, address, words, WORD, None if factor is None else address + factor, 0, None,
            "control",
        ),
        address=st.integers(100, 2000),
        words=st.sampled_from([1, 2, 4]),
        table=st.sampled_from(["holding", "input"]),
        factor=st.none() | st.integers(-60, 60),
    ),
    max_size=30,
)  # fmt: skip


@given(points=POINTS, gap=st.integers(0, 125))
def test_every_value_is_in_one_block_with_its_factor(points, gap):
    sweep = sweep_of("control", points, gap)
    assert all(1 <= block.count <= MOST_REGISTERS for block in sweep.blocks)
    placed = [(block, one) for block in sweep.blocks for one in block.scalars]
    assert sorted(id(one.point) for _, one in placed) == sorted(map(id, points))
    for block, one in placed:
        assert block.table == one.point.table
        assert block.address + one.at == one.point.address
        assert 0 <= one.at <= block.count - one.point.words
        if one.point.factor_address is not None:
            assert one.factor_at is not None
            assert block.address + one.factor_at == one.point.factor_address
            assert 0 <= one.factor_at < block.count


@given(points=POINTS)
def test_without_a_gap_nothing_is_read_that_nobody_wants(points):
    wanted = set()
    for point in points:
        ends = {point.address, point.address + point.words - 1, point.factor_address or point.address}
        wanted |= {(point.table, address) for address in range(min(ends), max(ends) + 1)}
    blocks = sweep_of("control", points, 0).blocks
    asked = {(block.table, block.address + at) for block in blocks for at in range(block.count)}
    assert asked == wanted


def test_the_gap_rule():
    near, far = scalar("a", 100), scalar("b", 110)
    assert len(sweep_of("control", [near, far], 9).blocks) == 1
    assert len(sweep_of("control", [near, far], 8).blocks) == 2


def test_inside_a_sunspec_model_gaps_are_read_along():
    left, right = scalar("a", 100, home=701), scalar("b", 200, home=701)
    assert len(sweep_of("control", [left, right], 0).blocks) == 1
    assert len(sweep_of("control", [left, scalar("b", 200, home=704)], 0).blocks) == 2


def test_a_factor_that_is_too_far_off_is_told():
    with pytest.raises(MisfitError, match="scale factor is further than 125 registers away"):
        sweep_of("control", [scalar("a", 100, factor=300)], 8)


@settings(max_examples=25)
@given(
    counts=st.lists(st.integers(1, 300), min_size=1, max_size=3),
    stride=st.integers(0, 200),
    words=st.sampled_from([1, 2]),
    gap=st.integers(0, 50),
)
def test_an_array_comes_back_in_order_however_it_is_laid_out(counts, stride, words, gap):
    points, address = [], 1000
    for index, count in enumerate(counts):
        offsets = [n * words + (stride if n >= count // 2 else 0) for n in range(count)]
        points.append(array(f"cells{index}", address, offsets, words))
        address += offsets[-1] + words + 3
    memory = np.arange(65536, dtype=np.uint16)
    sweep = sweep_of("bulk", points, gap)
    progress = Progress(sweep, 10.0)
    came: dict[str, Words16] = {}
    for _ in range(len(sweep.blocks)):
        block = progress.block
        assert block.count <= MOST_REGISTERS
        registers = memory[block.address : block.address + block.count].tolist()
        came |= {part.point.name: words for part, words, _ in progress.take(registers, 0.0)}
    for point in points:
        assert np.array_equal(came[point.name], memory[point.registers()])


def test_a_refused_block_costs_only_the_arrays_that_it_holds():
    sweep = sweep_of("bulk", [array("a", 1000, list(range(200))), array("b", 5000, list(range(10)))], 8)
    assert len(sweep.blocks) == 3
    progress = Progress(sweep, 10.0)
    came = []
    for time_s, refused in ((5.0, False), (6.0, True), (7.0, False)):
        registers = None if refused else [0] * progress.block.count
        came += [(part.point.name, oldest) for part, _, oldest in progress.take(registers, time_s)]
    assert came == [("b", 7.0)]
    assert not progress.due(14.9)  # the period counts from where the sweep began
    assert progress.due(15.0)


def test_an_array_is_as_old_as_its_oldest_block():
    progress = Progress(sweep_of("bulk", [array("a", 1000, list(range(200)))], 8), 10.0)
    assert list(progress.take([0] * 125, 5.0)) == []
    assert progress.due(5.0)
    [(part, words, oldest_s)] = progress.take([0] * 75, 8.0)
    assert (part.point.name, len(words), oldest_s) == ("a", 200, 5.0)


@pytest.mark.parametrize(
    ("device_map", "role", "locator"),
    [pytest.param(*one, id=f"{one[0].name}.{one[1]}") for one in every_role()],
)
def test_the_shipped_maps_need_few_requests(device_map, role, locator):
    sweeps = {poll: sweep_of(poll, locator.reads(role), device_map.gap) for poll in POLLS}
    assert 1 <= len(sweeps["control"].blocks) <= 2
    assert len(sweeps["slow"].blocks) <= 3
    cells = 0 if locator.layout is None or role != "battery" else 2 * locator.layout.cells
    assert len(sweeps["bulk"].blocks) <= 2 + math.ceil(cells / MOST_REGISTERS)

"""What is packed comes back bit by bit, and costs little."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leyden.history.record.aggregate import Rows
from leyden.history.record.packed import (
    Block,
    Bundle,
    pack_block,
    pack_bundle,
    unpack_block,
    unpack_bundle,
    values_of,
)

numbers = st.integers(-(2**62), 2**62)


@st.composite
def blocks(draw):
    shape = draw(st.tuples(st.integers(1, 30), st.integers(1, 12)))
    return Block(
        np.array(draw(st.lists(numbers, min_size=shape[0], max_size=shape[0])), np.int64),
        Rows(
            np.array(draw(st.lists(numbers, min_size=shape[0], max_size=shape[0])), np.int64),
            draw(hnp.arrays(np.float64, shape)),
            draw(hnp.arrays(np.uint8, shape)),
        ),
    )


@given(blocks(), st.data())
def test_a_block_comes_back_whole_and_point_by_point(block, data):
    rows, points = block.rows.values.shape
    packed = pack_block(block)
    found = unpack_block(packed, rows, points)
    assert np.array_equal(found.seq, block.seq)
    assert np.array_equal(found.rows.t_us, block.rows.t_us)
    assert found.rows.values.tobytes() == np.ascontiguousarray(block.rows.values).tobytes()
    assert np.array_equal(found.rows.quality, block.rows.quality)
    wanted = data.draw(st.lists(st.integers(0, points - 1), unique=True))
    seq, t_us, values, quality = values_of(packed, rows, points, wanted)
    assert np.array_equal(seq, block.seq)
    assert np.array_equal(t_us, block.rows.t_us)
    assert np.array_equal(values, block.rows.values[:, wanted], equal_nan=True)
    assert np.array_equal(quality, block.rows.quality[:, wanted])


@given(st.lists(st.tuples(numbers, numbers, numbers, st.binary(max_size=50)), min_size=1, max_size=30))
def test_a_bundle_of_decisions_comes_back(decisions):
    seq, t_us, number, bodies = zip(*decisions, strict=True)
    bundle = Bundle(np.array(seq, np.int64), np.array(t_us, np.int64), np.array(number, np.int64), bodies)
    found = unpack_bundle(pack_bundle(bundle), len(decisions))
    assert (found.seq.tolist(), found.t_us.tolist(), found.number.tolist()) == (list(seq), list(t_us), list(number))
    assert list(found.bodies) == list(bodies)


def test_ten_seconds_of_a_home_are_a_few_hundred_bytes():
    rng = np.random.default_rng(0)
    values = np.full((10, 40), 51.2)
    values[:, :10] = rng.normal(0.0, 3e3, (10, 10)).round()
    seq = np.arange(10, dtype=np.int64)
    block = Block(seq, Rows(1_784_073_600_000_000 + seq * 1_000_000, values, np.zeros((10, 40), np.uint8)))
    assert len(pack_block(block)) < 500
    bodies = [
        b'{"number":%d,"steps":[%s]}' % (n, b'{"controller":"grid-limits","max_w":5000.0}' * 30) for n in range(10)
    ]
    assert len(pack_bundle(Bundle(seq, seq, seq, bodies))) < 0.03 * sum(map(len, bodies))

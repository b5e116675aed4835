"""The ring of raw frames: what is old goes, and what is too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.devices import frame_log
from leyden.devices.frame_log import KEPT_S, FrameLog

FRAME = bytes([0, 1, 0, 0, 0, 6, 7, 3, 0, 0, 0, 2])


def made():
    now = [0.0]
    log = FrameLog(lambda: now[0])
    return log, now, log.tracer({7: "pcs1"})


def test_a_frame_is_handed_back_and_found_again():
    log, now, trace = made()
    now[0] = 5.0
    assert trace(True, FRAME) is FRAME
    now[0] = 6.0
    trace(False, FRAME[:6] + b"\x09")
    trace(False, b"\0\1")
    sent, other, piece = log.between(0.0, 10.0)
    assert (sent.time_s, sent.device, sent.direction, sent.data) == (5.0, "pcs1", "sent", FRAME)
    assert (other.device, other.direction) == ("", "came")
    assert piece.device == ""
    assert log.between(5.5, 6.0) == [other, piece]


def test_what_is_older_than_a_quarter_of_an_hour_is_forgotten():
    log, now, trace = made()
    for second in range(2000):
        now[0] = float(second)
        trace(True, FRAME)
    assert next(frame.time_s for frame in log.between(0.0, 2000.0)) == 1999.0 - KEPT_S


@given(st.lists(st.integers(0, 5000), max_size=60))
def test_it_takes_no_more_memory_than_it_may(sizes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_log, "MOST_BYTES", 20_000)
        log, _, trace = made()
        for size in sizes:
            trace(False, bytes(size))
            assert log.memory <= 20_000
        kept = [len(frame.data) for frame in log.between(0.0, 1.0)]
        assert kept == sizes[len(sizes) - len(kept) :]  # the newest
        assert log.memory == sum(kept) + 160 * len(kept)

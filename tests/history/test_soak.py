"""Memory stays flat and bounded while the demo runs fast and a day closes: `pytest -m soak`."""

import time

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest

from tests.history.conftest import DAY0, opened

SECONDS = 60.0
RATE = 600
"""Rows a second: ten times the demo at speed 60, so that a minute holds ten of its minutes, and a midnight."""
POINTS = tuple(f"thing{number // 12}.point{number}_w" for number in range(60))
BODY = b'{"steps":"' + bytes(2500) + b'"}'


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_memory_is_flat(tmp_path):
    process, rng = psutil.Process(), np.random.default_rng(0)
    quality, frame = np.zeros(60, np.uint8), rng.normal(3300, 4, (10, 8, 48)).astype(np.int16)
    start = DAY0 - RATE * SECONDS / 2
    row, samples = 0, []
    # The process holds other tests' memory too; what counts is what the record adds.
    before = process.memory_info().rss / 1e6
    with opened(tmp_path, points=POINTS) as record:
        began = time.monotonic()
        while (passed := time.monotonic() - began) < SECONDS:
            while row < RATE * passed:
                t = start + row
                record.append(t, rng.normal(0, 1e5, 60), quality)
                record.append_decision(row, t, BODY)
                record.append_cells("b1", t, frame + rng.integers(-1, 2), frame)
                row += 1
            record.query(POINTS[:6], start, start + row + 1, 1500)
            record.energy(POINTS[0], start, start + row + 1)
            samples.append((passed, process.memory_info().rss / 1e6))
            time.sleep(0.2)
        state = record.state()
    assert (state.dropped, state.refused, state.failing) == (0, 0, None)
    early = max(rss for passed, rss in samples if SECONDS / 4 < passed < SECONDS / 2)
    late = max(rss for passed, rss in samples if passed > 3 * SECONDS / 4)
    assert late < early + 40, f"grew from {early:.0f} to {late:.0f} MB"
    most = max(rss for _, rss in samples) - before
    assert most < 160.0, f"{most:.0f} MB more than before"

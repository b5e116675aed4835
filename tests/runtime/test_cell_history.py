"""Recorded frames of cells: what a running site is asked, and what becomes of its answers."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from leyden.model.words import Words
from leyden.runtime.cell_history import Recorded, RunningSite, rack_frames, recorded_day
from leyden.runtime.config import load_config
from leyden.runtime.http import AnswerError

BATTERY = load_config(Path(__file__).parents[2] / "sites/home.toml").site.batteries[0]
MIDNIGHT = 1_752_537_600.0
"""2025-07-15, UTC."""


class Site:
    """A site that began to record at three and is asked at half past four; a frame every 10 s, all cells alike."""

    def __init__(self, shape=(1, 1, 16)):
        self.shape, self.asked = list(shape), []

    def __call__(self, path):
        self.asked.append(path)
        if path == "/api/health":
            return {"time": "2025-07-15T04:30:00Z"}
        if path.startswith("/api/history"):
            t = MIDNIGHT + 60.0 * np.arange(0, 270)
            return {"series": {"b1.dc_current_a": {"t": t.tolist(), "mean": [40.0] * 269 + [None]}}}
        hour = float(path.rpartition("T")[2][:2]) + float(path.rpartition("T")[2].replace("%3A", ":")[3:5]) / 60.0
        if hour < 3.0:
            raise AnswerError(404, Words("无", "no cells were recorded before that time"))
        cells = int(np.prod(self.shape))
        values = {"voltage_mv": [3300] * (cells - 1) + [None], "temperature_ddegc": [251] * cells}
        return {"t": MIDNIGHT + 3600.0 * hour - 4.0, "shape": self.shape, **values}


def test_a_running_site_is_asked_every_ten_minutes_and_never_for_its_future(tmp_path):
    site = Site()
    found = recorded_day(tmp_path, BATTERY, date(2025, 7, 15), RunningSite(site))
    assert found is not None
    assert len(found.time_s) == 10
    assert np.diff(found.time_s) == pytest.approx(600.0)
    assert sum("/at?" in path for path in site.asked) == 27
    assert found.current_a[:-1] == pytest.approx(40.0)
    assert np.isnan(found.current_a[-1])  # what was not measured there is not made up


def test_frames_of_another_layout_are_passed_over(tmp_path):
    assert recorded_day(tmp_path, BATTERY, date(2025, 7, 15), RunningSite(Site((2, 1, 8)))) is None


def test_other_refusals_are_not_swallowed(tmp_path):
    def refuse(path):
        raise AnswerError(401, Words("需要令牌", "a token is needed"))

    with pytest.raises(AnswerError, match="token"):
        recorded_day(tmp_path, BATTERY, date(2025, 7, 15), RunningSite(refuse))


def test_a_day_that_nobody_knows_is_none(tmp_path):
    assert recorded_day(tmp_path, BATTERY, date(2025, 7, 15), None) is None


def test_racks_are_strings_in_volts_that_share_the_current_and_missing_is_nan():
    mv = np.full((3, 2, 2, 4), 3300, np.int16)
    mv[1, 1, 0, 2] = np.iinfo(np.int16).min
    first, second = rack_frames(Recorded(np.arange(3.0), mv, np.full_like(mv, 253), np.array([10.0, np.nan, -20.0])))
    assert first.voltage_v.shape == (3, 8)
    assert first.voltage_v == pytest.approx(3.3)
    assert np.argwhere(np.isnan(second.voltage_v)).tolist() == [[1, 2]]
    assert second.current_a[[0, 2]] == pytest.approx([5.0, -10.0])
    assert second.temperature_degc == pytest.approx(25.3)

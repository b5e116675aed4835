"""A twin that was stopped goes on as if nothing had happened."""

import numpy as np
import pytest

from leyden.twin import ProfileOptions, Twin, TwinOptions, TwinStateError
from tests.twin.parks import CELLS, a_site, a_twin, small_site

OPTIONS = TwinOptions(load={"line1": ProfileOptions("simbench-g3m", 8e3)}, converter_dead_time_s=0.5)


def story(twin):
    twin.command("b1", {"setpoint_w": 3e3, "run": 1, "watchdog_s": 500})
    twin.command("pv1", {"limit_w": 1e3})
    twin.faults.put("weak-cell", "b1", {"rack": 1, "capacity_factor": 0.7})
    twin.faults.put("frozen", "gate.energy_out_wh")
    twin.step(100.0)
    twin.command("b1", {"setpoint_w": 2e3})


def test_it_goes_on_where_it_was(tmp_path):
    first, second = a_twin(small_site(), OPTIONS), a_twin(small_site(), OPTIONS, seed=9)
    story(first)
    first.save(tmp_path / "twin.npz")
    second.restore(tmp_path / "twin.npz")
    assert second.time == first.time
    assert second.elapsed_s == 0.0
    assert [fault.kind for fault in second.faults.active()] == ["weak-cell", "frozen"]
    for twin in (first, second):
        twin.step(60.0)
    a, b = first.truth().battery["b1"], second.truth().battery["b1"]
    assert b.cell_soc == pytest.approx(a.cell_soc, rel=1e-9)
    assert np.array_equal(b.cell_capacity_ah, a.cell_capacity_ah)
    assert b.energies.discharged_j == pytest.approx(a.energies.discharged_j)
    assert b.energies.moved_j == a.energies.moved_j
    assert second.gate.newest.energy_out_wh == pytest.approx(first.gate.newest.energy_out_wh, rel=1e-6)
    assert second.read().converter["b1"] == first.read().converter["b1"]
    assert second.read().solar["pv1"].limit_w == 1e3
    assert second.time == first.time
    assert second.faults.put("trip", "b1").id == 3


def test_a_restored_twin_saves_again(tmp_path):
    twin = a_twin(small_site(), OPTIONS)
    story(twin)
    for _ in range(3):
        twin.save(tmp_path / "twin.npz")
        twin = Twin(small_site(), OPTIONS, CELLS)
        twin.restore(tmp_path / "twin.npz")
        twin.step(10.0)
    assert twin.told_s == pytest.approx(130.0)
    assert list(tmp_path.iterdir()) == [tmp_path / "twin.npz"]


@pytest.mark.parametrize("content", [b"", b"not a file of ours", None])
def test_a_file_that_does_not_fit_is_told_and_changes_nothing(tmp_path, content):
    path = tmp_path / "twin.npz"
    if content is None:
        Twin(a_site(), OPTIONS, CELLS).save(path)
    else:
        path.write_bytes(content)
    twin = a_twin(small_site(), OPTIONS)
    before = twin.truth().battery["b1"].cell_soc
    with pytest.raises(TwinStateError, match="begin anew with --fresh"):
        twin.restore(path)
    assert np.array_equal(twin.truth().battery["b1"].cell_soc, before)

"""Cells as data: what ships, what a site adds, and what is told about a bad file."""

import numpy as np
import pytest

from leyden.physics import CellFileError, load_cell
from leyden.physics.cell_file import SHIPPED

# The table of the literature at 25 degC, in percent of charge.
GOLDEN = {
    0: 2.286, 5: 3.065, 10: 3.197, 20: 3.234, 30: 3.270, 40: 3.292, 50: 3.2995, 60: 3.3035, 70: 3.311, 80: 3.3345,
    90: 3.3425, 95: 3.345, 100: 3.5305,
}  # fmt: skip


@pytest.mark.parametrize(("percent", "voltage_v"), GOLDEN.items())
def test_the_shipped_cell_has_the_published_voltages(percent, voltage_v):
    assert load_cell("lfp-280ah").ocv.voltage_v(np.array([percent / 100]))[0] == pytest.approx(voltage_v, abs=1e-9)


def test_the_shipped_cell_says_where_it_is_from():
    cell = load_cell("lfp-280ah")
    assert cell.capacity_ah == 280.0
    assert cell.current_max_a == 140.0
    assert (cell.rating.voltage_min_v, cell.rating.voltage_max_v) == (2.5, 3.65)
    assert "10.1016/j.est.2024.111508" in cell.source
    assert cell.resistance_ohm == pytest.approx((44.8e-3 + 47.8e-3) / 2 * 3 / 280, rel=1e-3)


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_every_shipped_cell_is_whole(name):
    cell = load_cell(name)
    assert "doi" in cell.source
    assert cell.ageing in {"naumann-lfp-3ah", "lfp-250ah"}
    # 46.3 mOhm of 3 Ah, whatever the size it is scaled to.
    assert cell.resistance_ohm * cell.capacity_ah == pytest.approx(0.1389, rel=1e-3)
    assert cell.impedance.factor_at(25.0) == 1.0
    assert np.all(np.diff(cell.impedance.factor) < 0.0)
    assert 0.008 <= float(cell.hysteresis.half_at(0.5)) <= 0.015
    assert float(cell.entropy.at(0.0)) < 0.0 < float(cell.entropy.at(0.7))


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ("tau1_s = 22.0", "tau1_s = 900.0", "tau1_s must be shorter"),
        ("tau1_s = 22.0", "", "tau1_s must be a number above 0"),
        ("r1_ohm = [0", "r1_ohm = [-0", "must not be negative"),
        ("r1_ohm = [", "r1_ohm = [1.0, ", "as many numbers in"),
        ("r2_ohm = [", "r3_ohm = [", "does not know 'r3_ohm'"),
        ("factor = [3.27", "factor = [-3.27", "one factor above 0 each"),
        ("half_v = [0", "half_v = [-0", "never negative"),
        ("turn_soc = 0.02", "turn_soc = 0", "turn_soc must be a number above 0"),
        ("[entropy]\nsoc = [0.0", "[entropy]\nsoc = [0.05", "soc must rise from 0 to 1"),
        ("capacity_ah = 280.0", "capacity_ah = 280.0\nresistance_ohm = 1e-3", "remove one of the two"),
    ],
)
def test_a_bad_table_names_itself(tmp_path, change, to, told):
    text = (SHIPPED / "lfp-280ah.toml").read_text()
    assert change in text
    (tmp_path / "bad.toml").write_text(text.replace(change, to))
    with pytest.raises(CellFileError, match=told):
        load_cell("bad", [tmp_path])


def test_an_unknown_cell_is_answered_with_those_there_are(tmp_path):
    (tmp_path / "mine.toml").write_text("")
    with pytest.raises(CellFileError, match="there is no cell 'lfp'; there are: lfp-280ah, lfp-314ah, mine"):
        load_cell("lfp", [tmp_path])


def test_the_sites_own_folder_is_searched_first(tmp_path):
    text = (SHIPPED / "lfp-280ah.toml").read_text().replace("capacity_ah = 280.0", "capacity_ah = 271.0")
    (tmp_path / "lfp-280ah.toml").write_text(text)
    assert load_cell("lfp-280ah", [tmp_path]).capacity_ah == 271.0


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ("capacity_ah = 280.0", "", "capacity_ah must be a number above 0"),
        ("capacity_ah = 280.0", "capacity_ah = -1", "capacity_ah must be a number above 0"),
        ("mass_kg = 5.4", "mass_kg = nan", "mass_kg must be a number above 0"),
        ("mass_kg = 5.4", "mass_kg = 5.4\ncolour = 1", "unknown key 'colour'"),
        ("voltage_min_v = 2.5", "voltage_min_v = 3.5", "voltage_min_v < nominal_voltage_v"),
        ("3.5305]", "3.3]", "must rise"),
        ("3.5305]", "3.5305, 3.6]", "must rise"),
        ("soc       = [0.0,", "soc = [0.01,", "must rise from 0 to 1"),
        ("[ocv]", "[curve]", "unknown key 'curve'"),
        ("[ocv]", "[ocv", "not valid TOML"),
    ],
)
def test_a_bad_file_names_file_key_and_mend(tmp_path, change, to, told):
    text = (SHIPPED / "lfp-280ah.toml").read_text()
    assert change in text
    (tmp_path / "bad.toml").write_text(text.replace(change, to))
    with pytest.raises(CellFileError, match=told) as raised:
        load_cell("bad", [tmp_path])
    assert "bad.toml" in str(raised.value)

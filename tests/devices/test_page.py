"""Every map documents itself."""

import pytest

from leyden.devices import device_page, load_map, map_names
from leyden.model.words import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", map_names())
def test_a_page_tells_every_point_once_per_role(name, language):
    device_map = load_map(name)
    page = device_page(device_map, language)
    assert page.startswith(f"# {device_map.label[language]} `{name}`\n")
    assert device_map.about[language].strip() in page
    for role, said in device_map.roles.items():
        [section] = [part for part in page.split("\n## ") if f"`{role}`\n" in part]
        for point in (*said.read, *said.write):
            assert f"| `{point}` " in section
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert len(rows) == len(said.read) + len(said.write)
    for table in page.split("\n\n"):
        assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) <= 1


def test_a_page_says_where_and_how_much():
    page = device_page(load_map("sunspec-pcs"))
    assert "| `power_w` | power | 701 + 10 | int16 | 1 × 10^[116] W | every cycle |" in page
    assert "| `setpoint_w` active power | 704 + 24..25 | int32 | 1 × 10^[55] W | `setpoint_w` | no |" in page
    assert "Its watchdog is armed with 30 s" in page
    assert "Each write of `setpoint_var` carries its own end, after 30 s too." in page
    assert "with every command at zero" in page
    assert "to its own mode" in device_page(load_map("sunspec-inverter"))
    assert "| `power_w` | power | 203 + 18 | int16 | −1 × 10^[22] W |" in device_page(load_map("sunspec-meter"))
    assert "| `soc` | state of charge | 101 | uint16 | 0.0001 | every cycle |" in device_page(load_map("leyden-bms"))
    assert "1 % × 10^[54]" in device_page(load_map("sunspec-inverter"))

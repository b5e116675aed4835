"""The guide's own example works, and no key of a map is left untold."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from leyden.devices import load_map, map_names
from leyden.devices import map_tables as tables
from leyden.devices.trial import Trial
from leyden.model.readings import ConverterReading
from leyden.model.table_fields import key_of
from tests.conftest import ROOT
from tests.devices.places import LAYOUT, RATED_W, READINGS, same

GUIDE = (ROOT / "docs/guides/add-a-device.md").read_text(encoding="utf-8")
TOLD = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]*)`", GUIDE))))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps/acme-pcs.toml").write_text(blocks("toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "maps"


async def test_the_guides_test_of_the_guides_map_passes(acme):
    names: dict[str, object] = {}
    exec(blocks("python")[0], names)
    test = names["test_acme_pcs"]
    assert callable(test)
    await test()


async def test_the_guides_map_round_trips(acme):
    assert len(blocks("toml")[0].splitlines()) <= 36
    async with Trial(load_map("acme-pcs", [acme])) as trial:
        small = ConverterReading(
            power_w=-75e3, setpoint_w=-75e3, state=5.0, temperature_degc=31.0, energy_charged_wh=5e6
        )
        seen = await trial.read("converter", small)
        for point in trial.map.roles["converter"].read:
            assert getattr(seen, point) == getattr(small, point), point
        assert await trial.write("converter", run=1.0, watchdog_s=20.0) == {"run": 1.0, "watchdog_s": 20.0}
        assert trial.server.read("holding", 201, 1) == bytes([0, 0xCF])


def test_the_guides_error_is_what_is_really_told(acme):
    text = (
        (acme / "acme-pcs.toml")
        .read_text(encoding="utf-8")
        .replace('"int32", scale = "0.1 kW"', '"int32", scale = "0.1 kV"')
    )
    (acme / "acme-pcs.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match="scale") as told:
        load_map("acme-pcs", [Path("maps")])
    assert str(told.value) in GUIDE


@pytest.mark.parametrize(
    "table",
    [
        tables.MapTable,
        tables.RoleTable,
        tables.PointTable,
        tables.WriteTable,
        tables.FixedTable,
        tables.ModelTable,
        tables.TextTable,
    ],
)
def test_every_key_is_told(table):
    hints = table.__annotations__
    keys = {key_of(hints.get(item.name, item.type), item.name) for item in fields(table)}
    assert not keys - TOLD


@pytest.mark.parametrize("name", map_names())
async def test_every_shipped_map_goes_there_and_back_over_a_socket(name):
    async with Trial(load_map(name), LAYOUT, RATED_W) as trial:
        for role, said in trial.map.roles.items():
            seen = await trial.read(role, READINGS[role])
            for point in said.read:
                got, expected = getattr(seen, point), getattr(READINGS[role], point)
                if said.read[point].axes:
                    assert abs(got - expected).max() < 1e-9
                else:
                    assert same(got, expected, abs(expected) * 1e-3 + 0.06), (role, point)
            for point in said.write:
                value = {"run": 0.0, "watchdog_s": 60.0}.get(point, 4.2e5)
                heard = await trial.write(role, **{point: value})
                assert same(heard[point], value, 100.0), (role, point)

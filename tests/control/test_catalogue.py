"""Controllers are found by looking; the protective ones are always there and first; each can say what it does."""

from dataclasses import fields
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from leyden.control import catalogue
from leyden.control.catalogue import TwoControllersError, chain, controller_types, protective
from leyden.control.keep_reserve import KeepReserve
from leyden.control.peak_shaving import PeakShaving
from leyden.control.time_windows import TimeWindows, Window
from leyden.model import Controller
from tests.scenarios.dsl import site

OPTIONS: dict[str, dict[str, Any]] = {
    "keep-reserve": {"soc": 0.2},
    "peak-shaving": {"import_limit_w": 2.1e6},
    "time-windows": {"charge": (Window.from_text("23:00-07:00"),)},
}


def test_those_of_this_package():
    assert set(controller_types()) == {
        "follow-plan",
        "keep-reserve",
        "peak-shaving",
        "self-consumption",
        "time-windows",
    }


@pytest.mark.parametrize("use", list(controller_types()))
def test_every_one_keeps_the_contract(use):
    cls: Any = controller_types()[use]
    controller = cls(**OPTIONS.get(use, {}))
    assert isinstance(controller, Controller)
    assert controller.name == use == cls.use
    assert (controller.protective, controller.every_s) == (False, 0.0)
    assert {item.name for item in fields(cls)} >= {"name", "every_s"}
    assert hash(controller) == hash(cls(**OPTIONS.get(use, {}))), "options are values"
    assert controller.start() == controller.start()


def test_every_one_says_what_it_does_in_both_languages():
    for controller in chain(site(), [PeakShaving(import_limit_w=2.1e6), KeepReserve(soc=0.2)]):
        assert controller.label.zh
        assert controller.label.en
        assert controller.summary().zh
        assert controller.summary().en
    assert PeakShaving(import_limit_w=2.1e6).summary().en == "import up to 2.1 MW"
    windows = TimeWindows(charge=(Window.from_text("23:00-7:00"),))
    assert windows.summary().en == "charge 23:00-07:00, discharge -"


def test_protective_ones_come_first_then_commands_then_what_is_listed():
    names = [controller.name for controller in chain(site(), [KeepReserve(soc=0.2)])]
    assert names == [
        "locks", "ratings", "following", "battery-limits", "supervision", "grid-meter", "grid-limits", "soft-start",
        "manual", "keep-reserve",
    ]  # fmt: skip
    assert all(controller.protective for controller in protective(site()))
    assert len(set(names)) == len(names)


def entries(*values: str):
    return lambda group: [EntryPoint(value, value, catalogue.GROUP) for value in values if group == catalogue.GROUP]


def test_another_package_may_bring_its_own(monkeypatch):
    monkeypatch.setattr(catalogue, "entry_points", entries("tests.control.another:Another"))
    found = controller_types.__wrapped__()
    assert found["another"].__name__ == "Another"
    assert "keep-reserve" in found


def test_two_that_claim_one_name_are_named(monkeypatch):
    monkeypatch.setattr(catalogue, "entry_points", entries("tests.control.another:Claims"))
    with pytest.raises(
        TwoControllersError, match=r"keep-reserve.*leyden\.control\.keep_reserve.*tests\.control\.another"
    ):
        controller_types.__wrapped__()

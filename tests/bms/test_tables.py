"""Tables as data: what is wrong in a file is told; levels of makers; reasons in words; interlocks."""

from pathlib import Path

import pytest

from leyden.bms import Level, level_of
from leyden.bms.derate import Binding, Source
from leyden.bms.interlocks import SHIPPED as INTERLOCKS
from leyden.bms.interlocks import Inputs, InterlockFileError, Wants, inputs_of, load_interlocks
from leyden.bms.levels import LEVELS, UnknownNumberingError
from leyden.bms.limit_reason import CHARGE, DISCHARGE, told
from leyden.bms.protection import Action
from leyden.bms.protection_file import LFP, SHIPPED, ProtectionFileError, load_protection
from tests.bms.packs import LAYOUT, LIMITS, TABLE


def test_thresholds_move_with_the_cells_own_limits():
    other = load_protection(LFP, 2.0, 3.6)
    for (family, here), (_, there) in zip(TABLE.rows, other.rows, strict=True):
        moved = {
            "cell-overvoltage": -0.05,
            "rack-overvoltage": -0.05,
            "cell-undervoltage": -0.5,
            "rack-undervoltage": -0.5,
        }
        assert there.set == pytest.approx(here.set + moved.get(family.name, 0.0))
        assert there.clear == pytest.approx(here.clear + moved.get(family.name, 0.0))


def test_every_level_is_worse_than_the_one_before_it():
    for family in TABLE.families:
        sign = 1.0 if family.above else -1.0
        sets = [sign * rule.set for rule in family.rules]
        assert sets == sorted(sets), family.name
        assert family.label.zh != family.label.en
        assert family.advice.zh != family.advice.en


@pytest.mark.parametrize(
    ("old", "new", "told_so"),
    [
        ('worse = "above"', 'worse = "up"', "worse must be one of above, below"),
        ('watches = "cell_voltage_max_v"', 'watches = "volts"', "watches must be one of"),
        ("set = 3.56", "set = 3.40", "clear must be on the healthy side of set"),
        ("set = 3.56", 'set = "3.56 V"', "set must be a number"),
        ('bit = "CELL_OVERVOLTAGE"', 'bit = "TOO_HIGH"', "bit must be one of"),
        ("delay_s = 5.0", "delay = 5.0", "unknown key 'delay'"),
        ('stops = "charge"', 'stops = "all"', "stops must be one of none, charge, discharge, both"),
        ("[cell]", "[cell", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_with_its_mend(tmp_path: Path, old, new, told_so):
    text = (SHIPPED / f"{LFP}.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / f"{LFP}.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProtectionFileError, match=told_so):
        load_protection(LFP, 2.5, 3.65, [tmp_path])


def test_a_site_may_have_a_table_of_its_own(tmp_path: Path):
    text = (SHIPPED / f"{LFP}.toml").read_text(encoding="utf-8").replace("set = 3.65", "set = 3.62")
    (tmp_path / f"{LFP}.toml").write_text(text, encoding="utf-8")
    rows = load_protection(LFP, 2.5, 3.65, [tmp_path]).rows
    assert any(rule.set == 3.62 for _, rule in rows)
    with pytest.raises(ProtectionFileError, match="protection-lfp"):
        load_protection("protection-nmc", 2.5, 4.2)


def test_makers_levels_are_never_passed_through():
    assert level_of("rising", 3) is Level.TRIP
    assert level_of("falling", 3) is Level.WARN
    assert level_of("falling", "1") is Level.TRIP
    assert level_of("foxbms", "msl") is Level.TRIP
    assert level_of("rising", 7) is level_of("rising", float("nan")) is Level.TRIP
    with pytest.raises(UnknownNumberingError, match="falling, foxbms, leyden, rising"):
        level_of("acme", 1)
    assert set(LEVELS) == set(Level)


def test_a_limit_says_its_cell_in_words():
    binding = Binding(Source.CELL_VOLTAGE, 6, 2 * 48 + 11, 3.46)
    words = told(binding, CHARGE, 62.0, LAYOUT, TABLE).words
    assert words.en == "charge limit 62 A: cell 7-3-12 at 3.46 V"
    assert words.zh == "充电限流 62 A:电芯 7-3-12 为 3.46 V"


@pytest.mark.parametrize("source", Source)
def test_every_source_has_words(source):
    words = told(Binding(source, 0, 0, 0.5, 0), DISCHARGE, 10.0, LAYOUT, TABLE).words
    assert words.en.startswith("discharge limit ")
    assert words.zh.startswith("放电限流 ")


def test_every_input_does_something_and_the_hardest_counts():
    table = LIMITS.interlocks
    for one in Inputs:
        assert table.after(0, one), one
    fire = table.after(0, Inputs.SMOKE | Inputs.HEAT)
    effects = table.effects(fire)
    assert effects.action is Action.OPEN_NOW
    assert effects.wants & Wants.SUPPRESS
    assert effects.by_hand
    alone = table.effects(table.after(0, Inputs.SMOKE))
    assert alone.action is Action.STOP
    assert not alone.wants & Wants.SUPPRESS


def test_latched_interlocks_wait_for_who_may_end_them():
    table = LIMITS.interlocks
    stopped = table.after(table.after(0, Inputs.EMERGENCY_STOP | Inputs.DOOR), Inputs.NONE)
    assert [rule.name for rule in table.standing(stopped)] == ["emergency-stop"]
    assert table.reset(stopped, service=False) == 0
    fire = table.after(0, Inputs.FIRE_PANEL)
    assert table.reset(fire, service=False) == fire
    assert table.reset(fire, service=True) == 0


def test_an_input_of_which_nothing_is_known_stands():
    assert inputs_of({"door": float("nan"), "smoke": 0.0, "gas_1": 1.0}) == Inputs.DOOR | Inputs.GAS_1


def test_a_wrong_interlock_is_told(tmp_path: Path):
    text = INTERLOCKS.read_text(encoding="utf-8")
    for old, new in (('"gas_1"', '"gas_9"'), ('action = "stop"', 'action = "shout"'), ("clears =", "ends =")):
        (tmp_path / INTERLOCKS.name).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InterlockFileError, match=r"rule\.gas-first-stage"):
            load_interlocks([tmp_path])

"""The SunSpec chain, walked and laid."""

import pytest

from leyden.devices.map_file import load_map
from leyden.devices.sunspec import ChainError, Found, bases_of, laid_out, walk


def reader(registers):
    async def read(address, count):
        found = [registers.get(at) for at in range(address, address + count)]
        return None if None in found else found

    return read


@pytest.mark.parametrize("base", [40000, 0, 50000])
async def test_a_chain_is_found_at_each_of_the_three_places(base):
    _, registers = laid_out(load_map("sunspec-pcs").models, base)
    chain = await walk(reader(registers))
    assert [(found.model, found.length) for found in chain] == [(1, 66), (701, 153), (704, 65), (715, 7)]
    assert chain[0].address == base + 2


async def test_what_the_server_lays_the_driver_finds():
    models = load_map("sunspec-pcs").models
    bases, registers = laid_out(models)
    assert bases_of(load_map("sunspec-pcs"), await walk(reader(registers))) == bases


async def test_no_mark_is_told():
    with pytest.raises(ChainError, match="no SunSpec mark at 40000, 0, 50000") as told:
        await walk(reader({40000: 1, 40001: 2}))
    assert "未找到" in told.value.words.zh


async def test_a_chain_that_just_stops_is_taken_as_far_as_it_goes():
    _, registers = laid_out(load_map("sunspec-meter").models)
    end = max(registers)
    cut = {at: value for at, value in registers.items() if at < end - 1}
    assert [found.model for found in await walk(reader(cut))] == [1, 203]


async def test_a_chain_without_end_is_told():
    async def zeros(address, count):
        return [0x5375, 0x6E53] if address == 40000 else [1, 0]

    with pytest.raises(ChainError, match="does not end"):
        await walk(zeros)


def test_a_meter_on_other_wiring_is_the_same_meter():
    chain = [Found(1, 40002, 66), Found(201, 40070, 105)]
    assert bases_of(load_map("sunspec-meter"), chain) == {1: 40002, 203: 40070}


def test_a_lacking_model_is_told_with_those_there_are():
    with pytest.raises(ChainError, match="lacks SunSpec model 704, which its map needs; it has: 1, 701, 103"):
        bases_of(load_map("sunspec-pcs"), [Found(1, 2, 66), Found(701, 70, 153), Found(103, 300, 50)])


def test_a_model_that_is_too_short_is_not_taken_for_it():
    with pytest.raises(ChainError, match="lacks SunSpec model 704"):
        bases_of(load_map("sunspec-pcs"), [Found(1, 2, 66), Found(701, 70, 153), Found(704, 300, 20)])


def test_an_optional_model_may_be_missing():
    bases = bases_of(load_map("sunspec-pcs"), [Found(1, 2, 66), Found(701, 70, 153), Found(704, 300, 65)])
    assert 715 not in bases

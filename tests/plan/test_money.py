"""Money is an estimate and says so."""

from datetime import timedelta

import pytest

from leyden.plan import Metered, energy_money
from tests.plan.test_tariff import GUANGDONG, local, seasons


def test_energy_is_priced_by_the_band_it_was_drawn_in():
    start = local("2021-10-15 07:30")
    money = energy_money(GUANGDONG, [Metered(start, start + timedelta(hours=1), 1e6)])  # half valley, half flat
    assert money.amount == pytest.approx(500 * 0.2556 + 500 * 0.6725)
    assert (money.currency, [note.en for note in money.notes]) == (
        "CNY",
        ["an estimate: a bill has more lines than energy"],
    )


def test_what_is_fed_in_is_paid_where_the_tariff_says_so():
    start = local("2025-06-15 09:00")
    metered = [Metered(start, start + timedelta(minutes=15), 0.0, 1e5)]
    assert energy_money(seasons(), metered).amount == pytest.approx(-100 * 0.08)
    unpaid = energy_money(GUANGDONG, metered)
    assert unpaid.amount == 0.0
    assert "no price for energy fed in" in unpaid.notes[1].en


def test_days_without_their_real_price_are_noted():
    start = local("2026-07-15 09:00")
    notes = energy_money(GUANGDONG, [Metered(start, start + timedelta(hours=1), 1e6)]).notes
    assert "money of 2026-07-15 is an estimate" in notes[1].en

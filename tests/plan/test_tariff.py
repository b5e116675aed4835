"""Prices are those of the documents, and bands tile time: across midnight, months, and changed clocks."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import isnan
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.problem import SiteFileError
from leyden.plan import load_tariff
from leyden.plan.tariff_file import UnknownTariffError, parse_tariff, tariff_names
from leyden.plan.window import Window

GUANGDONG = load_tariff("cn-guangdong-2021")
CHINA = ZoneInfo("Asia/Shanghai")

# Seasons, a window across midnight, and none across it where one would expect it: the shape of Sichuan's rule of 2025.
SEASONS = """
name = "Seasons"
timezone = "{zone}"
currency = "CNY"
[rule]
document = "a rule for tests"
valid_from = 2025-01-01
[price]
base_per_kwh = 0.6
since = 2025-01-01
until = 2026-01-01
added_per_kwh = 0.0276
export_per_kwh = 0.08
[[band]]
band = "peak"
ratio = 1.6
hours = ["11:00-18:00", "20:00-23:00"]
months = [7, 8, 9]
[[band]]
band = "valley"
ratio = 0.4
hours = ["01:00-07:00"]
months = [7, 8, 9]
[[band]]
band = "flat"
ratio = 1.0
months = [7, 8, 9]
[[band]]
band = "peak"
ratio = 1.6
hours = ["10:00-12:00", "17:00-22:00"]
[[band]]
band = "valley"
ratio = 0.4
hours = ["22:00-08:00"]
[[band]]
band = "flat"
ratio = 1.0
"""


def seasons(zone="Asia/Shanghai"):
    return parse_tariff(SEASONS.format(zone=zone), "seasons")


def local(text, zone=CHINA):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_prices_of_october_2021_are_those_printed():
    assert GUANGDONG.prices_per_kwh == {"valley": 0.2556, "flat": 0.6725, "peak": 1.1433, "critical": 1.4291}


@pytest.mark.parametrize(
    ("base", "added", "printed"),
    [
        (0.6333, 0.02766875, (0.26826875, 0.66096875, 1.10426875, 1.37346875)),  # north, July 2026, below 1 kV
        (0.7730, 0.02766875, (0.32136875, 0.80066875, 1.34176875, 1.67036875)),  # six cities, October 2026
    ],
)
def test_base_times_ratio_plus_funds_gives_later_tables_to_their_last_digit_but_one(base, added, printed):
    text = SEASONS.format(zone="Asia/Shanghai").replace("= 0.6\n", f"= {base}\n").replace("0.0276", str(added))
    text = text.replace("ratio = 0.4", "ratio = 0.38").replace("ratio = 1.6", "ratio = 1.7")
    prices = parse_tariff(text, "later").prices_per_kwh
    valley, flat, peak, _critical = printed
    assert (prices["valley"], prices["flat"], prices["peak"]) == pytest.approx((valley, flat, peak), abs=1.5e-4)


@pytest.mark.parametrize(
    ("when", "band"),
    [
        ("2026-06-15 00:00", "valley"),
        ("2026-06-15 07:59", "valley"),
        ("2026-06-15 08:00", "flat"),
        ("2026-06-15 11:30", "peak"),
        ("2026-06-15 12:00", "flat"),
        ("2026-06-15 16:59", "peak"),
        ("2026-06-15 19:00", "flat"),
        ("2026-06-15 23:59", "flat"),
        ("2026-07-15 10:59", "peak"),
        ("2026-07-15 11:00", "critical"),
        ("2026-07-15 12:00", "flat"),
        ("2026-09-30 16:59", "critical"),
        ("2026-10-01 16:59", "peak"),
    ],
)
def test_hours_of_guangdong(when, band):
    assert GUANGDONG.price_at(local(when)).band == band


def test_a_declared_hot_day_has_critical_hours_and_others_do_not():
    hot = GUANGDONG.on_hot_days(frozenset({date(2026, 6, 15)}))
    assert hot.band_at(local("2026-06-15 11:30")) == "critical"
    assert hot.band_at(local("2026-06-16 11:30")) == "peak"


@pytest.mark.parametrize(
    ("when", "band"),
    [
        ("2025-06-30 23:30", "valley"),  # 22 to 8, across midnight
        ("2025-07-01 00:30", "flat"),  # but July is another season
        ("2025-07-15 23:30", "flat"),
        ("2025-07-15 01:00", "valley"),
        ("2025-10-01 07:59", "valley"),
    ],
)
def test_seasons_change_at_midnight(when, band):
    assert seasons().band_at(local(when)) == band


def test_what_is_not_said_is_not_paid():
    assert isnan(GUANGDONG.price_at(local("2026-06-15 00:00")).export_per_kwh)
    assert seasons().price_at(local("2025-06-15 00:00")).export_per_kwh == 0.08


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2021, 9, 30), "holds from 2021-10-01"),
        (date(2021, 10, 1), None),
        (date(2021, 10, 31), None),
        (date(2026, 7, 15), "are those of 2021-10-01 to 2021-10-31"),
    ],
)
def test_days_without_their_real_price_are_told(day, told):
    warning = GUANGDONG.warning(day)
    assert (warning is None) if told is None else (warning is not None and told in warning.en)


ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)), st.sampled_from(ZONES), st.floats(0.0, 1.0))
def test_bands_tile_any_span_and_agree_with_every_moment(start, length, zone, inside):
    tariff = seasons(zone)
    bands = tariff.bands(start, start + length)
    assert bool(bands) == (length > timedelta(0))
    if bands:
        assert (bands[0].start, bands[-1].end) == (start, start + length)
    for left, right in pairwise(bands):
        assert left.end == right.start
        assert left.band != right.band
    for band in bands:
        moment = band.start + inside * (band.end - band.start) * 0.999999
        price = tariff.price_at(moment)
        assert (price.band, price.import_per_kwh) == (band.band, band.import_per_kwh)


@pytest.mark.parametrize(
    ("day", "quarters", "valley_h"),
    [("2026-03-29", 92, 9.0), ("2026-10-25", 100, 11.0), ("2026-05-05", 96, 10.0)],
)
def test_days_of_changed_clocks_have_the_hours_they_have(day, quarters, valley_h):
    berlin = ZoneInfo("Europe/Berlin")
    start = local(f"{day} 00:00", berlin)
    end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=berlin)
    bands = seasons("Europe/Berlin").bands(start, end)
    lengths = {
        b: sum((x.end - x.start).total_seconds() for x in bands if x.band == b) for b in ("valley", "peak", "flat")
    }
    assert sum(lengths.values()) == quarters * 900
    assert lengths["valley"] == valley_h * 3600
    assert lengths["peak"] == 7 * 3600


def test_every_shipped_tariff_can_be_read():
    assert "cn-guangdong-2021" in tariff_names()
    for name in tariff_names():
        assert load_tariff(name).document


def test_the_folder_of_the_site_comes_first(tmp_path):
    text = SEASONS.format(zone="UTC")
    (tmp_path / "cn-guangdong-2021.toml").write_text(text, "utf-8")
    assert load_tariff("cn-guangdong-2021", [tmp_path]).timezone == "UTC"


@pytest.mark.parametrize(
    ("name", "told"),
    [("cn-guandong-2021", "did you mean cn-guangdong-2021?"), ("../x", "there is no tariff ../x; there are: cn-")],
)
def test_a_tariff_that_is_not_there(name, told):
    with pytest.raises(UnknownTariffError, match=re.escape(told)):
        load_tariff(name)


def test_everything_wrong_with_a_tariff_is_told():
    text = SEASONS.format(zone="Asia/Shanghai")
    broken = text.replace('"peak"\nratio = 1.6\nhours = ["11', '"dear"\nratio = 1.6\nhours = ["1').replace(
        "= 0.6\n", "= -1\n"
    )
    with pytest.raises(SiteFileError) as caught:
        parse_tariff(broken, "broken")
    assert str(caught.value).splitlines() == [
        "tariff.toml:9: [price] base_per_kwh: found -1: expected at least 0",
        'tariff.toml:15: [[band]] band: found "dear": expected one of "valley", "flat", "peak", "critical"',
        'tariff.toml:17: [[band]] hours[1]: found "1:00-18:00": expected "22:00-08:00"',
    ]


def test_hours_that_no_band_claims_are_told():
    text = SEASONS.format(zone="Asia/Shanghai").replace("ratio = 1.0\n\n", "").rsplit("[[band]]", 1)[0]
    with pytest.raises(SiteFileError, match=r"the last .* takes what is left"):
        parse_tariff(text, "open")


@given(st.integers(0, 1439), st.integers(0, 1440), st.times())
def test_a_window_and_its_rest_share_no_moment(start, end, at):
    if start in (end, end % 1440) or start == end:
        return
    window = Window(start, end)
    rest = Window(end % 1440, start or 1440)
    assert window.contains(at) != rest.contains(at)

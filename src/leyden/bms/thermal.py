"""What the cells' temperatures ask of heating film, cooling and pump: on at one value, off at another."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThermalLimits:
    """When things go on and off; after field settings of JK and makers of liquid-cooled containers."""

    film_on_degc: float = 5.0
    """The heating film starts below this, where somebody wants to charge."""
    film_off_degc: float = 10.0
    film_spread_k: float = 8.0
    """No heating while cells are further apart than this: film heats unevenly."""
    film_rise_k: float = 1.0
    """No heating while a sensor rises faster than this in a minute: then something else heats."""
    film_soc: float = 0.10
    """Off grid, no heating below this charge."""
    cool_on_degc: float = 30.0
    cool_off_degc: float = 25.0
    warm_on_degc: float = 10.0
    """Liquid is warmed below this, where there is a charge to be had."""
    warm_off_degc: float = 15.0
    pump_on_k: float = 4.0
    """The pump alone evens out cells that are further apart than this."""
    pump_off_k: float = 3.0


USUAL = ThermalLimits()


@dataclass(frozen=True, slots=True)
class Thermal:
    """What is switched on."""

    film: bool = False
    cooling: bool = False
    warming: bool = False
    pump: bool = False


OFF = Thermal()


@dataclass(frozen=True, slots=True)
class Warmth:
    """What is known of the battery's temperatures."""

    coldest_degc: float
    hottest_degc: float
    spread_k: float
    """The widest within one rack."""
    rise_k: float
    """The fastest, over about a minute."""
    missing: bool
    """Whether any sensor says nothing."""


def tempered(
    now: Thermal, limits: ThermalLimits, warmth: Warmth, soc: float, charge_wanted: bool, off_grid: bool,
    hvac_off: bool = False,
) -> Thermal:  # fmt: skip
    """What is switched on next. A temperature that is not known heats nothing, and cools: cold does not burn."""
    cold, hot = warmth.coldest_degc, warmth.hottest_degc
    may_heat = (
        not warmth.missing
        and warmth.spread_k <= limits.film_spread_k
        and warmth.rise_k <= limits.film_rise_k
        and hot <= limits.cool_off_degc
        and (not off_grid or soc >= limits.film_soc)
        and not hvac_off
    )
    film = (
        may_heat and (charge_wanted or now.film) and cold < (limits.film_off_degc if now.film else limits.film_on_degc)
    )
    warm_to = limits.warm_off_degc if now.warming else limits.warm_on_degc
    warming = may_heat and (charge_wanted or now.warming) and cold < warm_to
    cooling = not hvac_off and not hot < (limits.cool_off_degc if now.cooling else limits.cool_on_degc)
    uneven = not warmth.spread_k <= (limits.pump_off_k if now.pump else limits.pump_on_k)
    pump = (warming or cooling or uneven) and not hvac_off
    if (film, cooling, warming, pump) == (now.film, now.cooling, now.warming, now.pump):
        return now
    return Thermal(film, cooling, warming, pump)

"""Following a noisy measurement without answering its noise.

What changes by more than the noise is taken over at once, so nothing is lost in speed; what stays within it moves only
by its mean, so a converter is not made to chatter.
"""

from math import inf, nan

from msgspec import Struct

from leyden.model.site import Site

MEAN_S = 10.0
"""Time over which deviations within the noise are averaged."""


class Steady(Struct, frozen=True, gc=False):
    """A value that stands until the measurement has really left it."""

    value_w: float = nan
    mean_w: float = 0.0
    """Averaged deviation of the measurement since the value was set."""
    elapsed_s: float = nan


def noise_w(site: Site, grid_w: float, net_w: float) -> float:
    """Half the width of what counts as noise: five times what meters of class 0.2 do to a net demand.

    0.5 % of grid and net demand together, which is never less than 0.5 % of what the meter and the converters measure;
    and a quarter of a per cent of what the batteries' converters are rated for, below which no power matters.
    """
    return 0.005 * (abs(grid_w) + abs(net_w)) + 0.0025 * site.battery_power_w


def steadied(before: Steady, measured_w: float, band_w: float, elapsed_s: float) -> Steady:
    """The value after one more measurement: at once beyond the band, by the mean within it."""
    off_w = measured_w - before.value_w
    if not -band_w <= off_w <= band_w:
        return Steady(measured_w, 0.0, elapsed_s)
    mean_w = _mean(before, off_w, elapsed_s)
    if abs(mean_w) > 0.25 * band_w:
        return Steady(before.value_w + mean_w, 0.0, elapsed_s)
    return Steady(before.value_w, mean_w, elapsed_s)


def upper(before: Steady, measured_w: float, band_w: float, elapsed_s: float) -> Steady:
    """The like, but never below the measurement: for a limit that must hold in spite of the noise."""
    off_w = measured_w - before.value_w
    if not -2.0 * band_w <= off_w <= 0.0:
        return Steady(measured_w, 0.0, elapsed_s)
    mean_w = _mean(before, off_w, elapsed_s)
    if mean_w < -0.8 * band_w:
        return Steady(max(before.value_w + mean_w, measured_w), 0.0, elapsed_s)
    return Steady(before.value_w, mean_w, elapsed_s)


def lower(before: Steady, measured_w: float, band_w: float, elapsed_s: float) -> Steady:
    """The like, but never above the measurement."""
    off_w = measured_w - before.value_w
    if not 0.0 <= off_w <= 2.0 * band_w:
        return Steady(measured_w, 0.0, elapsed_s)
    mean_w = _mean(before, off_w, elapsed_s)
    if mean_w > 0.8 * band_w:
        return Steady(min(before.value_w + mean_w, measured_w), 0.0, elapsed_s)
    return Steady(before.value_w, mean_w, elapsed_s)


def _mean(before: Steady, off_w: float, elapsed_s: float) -> float:
    dt_s = elapsed_s - before.elapsed_s
    share = dt_s / (dt_s + MEAN_S) if 0.0 < dt_s < inf else 0.0
    return before.mean_w + share * (off_w - before.mean_w)


class Steadied(Struct, frozen=True, gc=False):
    """One measurement, steady in three ways."""

    middle: Steady = Steady()
    highest: Steady = Steady()
    lowest: Steady = Steady()


def calmed(before: Steadied, measured_w: float, band_w: float, elapsed_s: float) -> Steadied:
    """All three after one more measurement: one to serve, two for limits that must hold in spite of the noise."""
    return Steadied(
        steadied(before.middle, measured_w, band_w, elapsed_s),
        upper(before.highest, measured_w, band_w, elapsed_s),
        lower(before.lowest, measured_w, band_w, elapsed_s),
    )

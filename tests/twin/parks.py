"""Small parks for the tests of the twin."""

from dataclasses import replace

from leyden.model import Site, Words
from leyden.model.site import Battery, Converter, Device, Grid, Layout, Load, Source
from leyden.physics import load_cell
from leyden.twin import CoolingOptions, ProfileOptions, Twin, TwinOptions

CELL = load_cell("lfp-280ah")
CELLS = {"lfp-280ah": CELL}


def a_battery(name: str = "b1", layout: Layout | None = None, power_w: float = 1.5e6) -> Battery:
    return Battery(
        name=name,
        label=Words(name, name),
        cell=CELL.rating,
        layout=layout or Layout(10, 8, 48),
        bms=f"bms-{name}",
        converter=Converter(f"pcs-{name}", power_w, 1.1 * power_w, ramp_w_per_s=power_w),
    )


def a_site(*batteries: Battery) -> Site:
    found = batteries or (a_battery(),)
    devices = [Device(f"{kind}-{b.name}", "x", "tcp://127.0.0.1:1/1") for b in found for kind in ("bms", "pcs")]
    plain = [Device(name, "x", "tcp://127.0.0.1:1/1") for name in ("gate", "inv", "mill", "line")]
    return Site(
        id="park",
        name=Words("园区", "Park"),
        timezone="Asia/Shanghai",
        currency="CNY",
        grid=Grid("gate", import_limit_w=4e6, export_limit_w=2e6, meter_delay_s=1.0),
        devices=(*plain, *devices),
        batteries=found,
        solar=(Source("pv1", Words("光伏", "solar"), "inv", 2e6),),
        wind=(Source("w1", Words("风", "wind"), "mill", 1e6),),
        loads=(Load("line1", Words("产线", "line"), "line"),),
    )


def small_site() -> Site:
    """Two racks of six cells behind a converter of 5 kW: fast, and everything is there."""
    return a_site(a_battery(layout=Layout(2, 2, 3), power_w=5e3))


STEADY = {"line1": ProfileOptions("constant", peak_w=1e6)}
STILL = TwinOptions(
    load=STEADY, solar={"pv1": ProfileOptions("constant", 5e5)}, wind={"w1": ProfileOptions("constant", 0.0)}
)
"""Nothing moves but what is told to."""


def a_twin(site: Site | None = None, options: TwinOptions = STILL, **changes: object) -> Twin:
    """Its auxiliaries draw nothing while they stand, so that powers are round."""
    site = site or a_site()
    quiet = {battery.name: CoolingOptions(standby_w=0.0) for battery in site.batteries}
    return Twin(site, replace(options, **{"cooling": quiet, **changes}), CELLS)  # type: ignore[arg-type]

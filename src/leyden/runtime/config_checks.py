"""What a site's configuration should be warned of, or must not say: what only shows once all tables are together."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from leyden.model.read_table import TableReader
from leyden.model.site import Site
from leyden.model.toml_lines import Path
from leyden.model.words import Words, printed_value
from leyden.plan import PlanOptions, Tariff
from leyden.twin import PROFILES, ProfileOptions, TwinOptions

EXPORT_BACK_S = 2.0
"""Export above its limit after a load trip must be gone within this time of the meter seeing it."""


@dataclass(frozen=True, slots=True)
class LoopTime:
    """How long it takes, at worst, from a load trip at full discharge until that discharge is gone, part by part."""

    wait_s: float
    """Until the next cycle that asks the meter: the cycle's period or the meter's poll, whichever is longer."""
    meter_delay_s: float
    """How old the meter's value then is."""
    dead_time_s: float
    """Of the slowest converter."""
    ramp_s: float
    """Of the slowest converter, from full discharge to rest."""

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.wait_s + self.meter_delay_s + self.dead_time_s + self.ramp_s


def loop_time(site: Site) -> LoopTime | None:
    """The time of this site; None where batteries and generators together can never feed in more than they may."""
    most_w = sum(b.converter.power_w for b in site.batteries) + sum(s.power_w for s in (*site.solar, *site.wind))
    if not site.batteries or most_w <= site.grid.export_limit_w:
        return None
    converters = [battery.converter for battery in site.batteries]
    return LoopTime(
        wait_s=max(site.period_s, site.device(site.grid.device).poll_s),
        meter_delay_s=site.grid.meter_delay_s,
        dead_time_s=max(converter.dead_time_s for converter in converters),
        ramp_s=max(converter.power_w / converter.ramp_w_per_s for converter in converters),
    )


def check_loop_time(reader: TableReader, site: Site) -> None:
    """Warn where a load trip leaves too much export for too long."""
    time = loop_time(site)
    if time is None or time.total_s <= EXPORT_BACK_S:
        return
    total, wait, delay, dead, ramp, most = (
        f"{seconds:.3g} s"
        for seconds in (time.total_s, time.wait_s, time.meter_delay_s, time.dead_time_s, time.ramp_s, EXPORT_BACK_S)
    )
    found = Words(
        f"甩负荷后最长 {total} 才能收回上送功率(周期与轮询 {wait} + 表计延迟 {delay} + 死区 {dead} + 爬坡 {ramp})",
        f"up to {total} until a load trip is followed "
        f"(period and meter poll {wait} + meter delay {delay} + dead time {dead} + ramp {ramp})",
    )
    limit = printed_value("export_limit_w", site.grid.export_limit_w)
    mend = Words(
        f"应不超过 {most},否则会短时超过上网限值 {limit}:"
        "缩短 [site] period 与表计 poll,换用更快的表计,或提高变流器 ramp",
        f"expected at most {most}, or the export limit of {limit} is passed for a moment: "
        "shorten [site] period and the meter's poll, take a faster meter, or raise the converter's ramp",
    )
    reader.tell(("grid", "export_limit"), mend, found, warning=True)


def check_tariff(reader: TableReader, site: Site, tariff: Tariff, day: date) -> None:
    """The tariff's money is the site's, and its prices are those of the day."""
    if tariff.currency != site.currency:
        mend = Words(
            f"其币种为 {tariff.currency},站点为 {site.currency}",
            f"it is in {tariff.currency}, the site in {site.currency}",
        )
        reader.tell(("grid", "tariff"), mend)
    if warning := tariff.warning(day):
        reader.tell(("grid", "tariff"), warning, warning=True)


def check_plan(reader: TableReader, options: PlanOptions, uses: Collection[str], has_tariff: bool) -> None:
    """A plan has what it is made from, and somebody who follows it."""
    if options.source == "time-of-use" and not has_tariff:
        reader.tell(("plan", "source"), Words("需要 [grid] tariff", "it needs a [grid] tariff"))
    if options.source != "none" and "follow-plan" not in uses:
        mend = Words("没有 follow-plan 控制器执行该计划", 'nobody follows it: add [[control]] use = "follow-plan"')
        reader.tell(("plan", "source"), mend, warning=True)
    if options.source == "none" and "follow-plan" in uses:
        index = next(i for i, use in enumerate(uses) if use == "follow-plan")
        mend = Words(
            '没有计划可执行:添加 [plan] source = "time-of-use"', 'no plan is made: add [plan] source = "time-of-use"'
        )
        reader.tell(("control", index, "use"), mend, warning=True)


LOOPBACK = ("tcp://127.", "tcp://localhost:", "tcp://[::1]:")


def check_twin(reader: TableReader, site: Site, twin: TwinOptions) -> None:
    """A twin serves its devices on this computer and nowhere else, and knows what drives every load."""
    for device in site.devices:
        if not device.at.startswith(LOOPBACK):
            mend = Words(
                "[twin] 在本机代替设备:地址应为 127.0.0.1,或删除 [twin]",
                "a [twin] stands in for devices on this computer: write 127.0.0.1, or remove [twin]",
            )
            reader.tell(("device", device.name, "at"), mend)
    for load in site.loads:
        if load.name not in twin.load:
            example = f'load.{load.name} = {{ profile = "simbench-g3m", peak = "1.5 MW" }}'
            reader.tell(("twin", "load", load.name), Words(f"应添加 {example}", f"add {example}"))
    for kind, things, driven in (
        ("load", site.loads, twin.load),
        ("solar", site.solar, twin.solar),
        ("wind", site.wind, twin.wind),
    ):
        names = [thing.name for thing in things]
        for name, options in driven.items():
            if name not in names:
                reader.unknown(("twin", kind, name), names)
            _check_profile(reader, ("twin", kind, name), options, needs_peak=kind == "load")


def _check_profile(reader: TableReader, path: Path, options: ProfileOptions, needs_peak: bool) -> None:
    """The profile is one there is, and has what it needs beside it."""
    if options.profile not in PROFILES:
        names = ", ".join(PROFILES)
        reader.tell((*path, "profile"), Words(f"可用:{names}", f"there are: {names}"))
    elif options.profile == "steps" and not options.steps:
        example = 'steps = [{ at = "10 min", power = "1 MW" }]'
        reader.tell((*path, "steps"), Words(f"应添加 {example}", f"add {example}"))
    elif options.profile != "steps" and needs_peak and options.peak_w is None:
        reader.tell((*path, "peak"), Words('应添加 peak = "1.5 MW"', 'add peak = "1.5 MW"'))

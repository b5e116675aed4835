"""Packs of cells that are made up, healthy or with one thing wrong: an equivalent circuit, rounded as sensors do."""

from dataclasses import dataclass, field

import numpy as np

from leyden.bms.watch.frames import Frames
from leyden.model.readings import Floats
from leyden.physics import load_cell

DAY_S = 86_400.0
LFP = load_cell("lfp-280ah")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell, from a day on."""

    cell: int
    from_day: float = 0.0
    leak_soc_per_day: float = 0.0
    resistance_per_day: float = 0.0
    """Share of its resistance that comes on top each day."""
    capacity_per_day: float = 0.0
    joint_ohm: float = 0.0
    sensor_v: float = 0.0


@dataclass(frozen=True)
class Pack:
    cells: int = 384
    days: int = 40
    step_s: float = 300.0
    seed: int = 1
    step_v: float = 0.001
    noise_v: float = 0.001
    capacity_std: float = 0.01
    resistance_std: float = 0.05
    soc_std: float = 0.01
    leak_per_month: float = 0.02
    faults: tuple[Fault, ...] = field(default=())
    balanced: bool = False
    """Whether the highest cells are bled near full, as a passive balancer does."""
    swing: tuple[float, float] = (0.08, 0.985)


def frames_of(pack: Pack) -> list[Frames]:
    """One `Frames` a day: charged at night, discharged in the evening, at rest between, not the same every day."""
    rng = np.random.default_rng(pack.seed)
    n, per_day = pack.cells, round(DAY_S / pack.step_s)
    capacity = LFP.capacity_ah * (1.0 + pack.capacity_std * rng.standard_normal(n))
    ohm = 1.0 + pack.resistance_std * rng.standard_normal(n)
    soc = 0.5 + pack.soc_std * rng.standard_normal(n)
    leak = pack.leak_per_month / 30.0 * (1.0 + 0.15 * rng.standard_normal(n))
    slow_a, hours = 0.0, pack.step_s / 3600.0
    out = []
    for day in range(pack.days):
        volts, currents = np.empty((per_day, n)), np.empty(per_day)
        goal, strength = rng.uniform(0.0, 1.0), rng.uniform(0.7, 1.0)
        for k in range(per_day):
            hour = 24.0 * k / per_day
            current = _current(hour, float(np.median(soc)), goal, strength, pack)
            now = day + hour / 24.0
            cap, res, leaks, joint, sensor = _faulty(pack.faults, now, capacity, ohm, leak)
            bleed = np.zeros(n)
            if pack.balanced and current < 0 and np.median(soc) > 0.93:
                bleed = np.where(soc > np.min(soc) + 0.002, 0.05 * hours * 280.0 / 280.0 / 24.0, 0.0)
            soc = soc - current * hours / cap - leaks * hours / 24.0 - bleed
            slow_a += (current - slow_a) * (1.0 - np.exp(-pack.step_s / LFP.impedance.tau2_s))
            volts[k] = _volts(soc, current, slow_a, res) - joint * current + sensor
            currents[k] = current
        volts += pack.noise_v * rng.standard_normal(volts.shape)
        volts = np.rint(volts / pack.step_v) * pack.step_v
        times = DAY_S * day + pack.step_s * np.arange(per_day, dtype=np.float64)
        out.append(Frames(times, volts, currents + 0.3 * rng.standard_normal(per_day)))
    return out


def _current(hour: float, soc: float, goal: float, strength: float, pack: Pack) -> float:
    low, high = pack.swing
    if 0.0 <= hour < 6.0 and soc < high - 0.03 * (goal < 0.5):
        return -120.0 * strength if soc < high - 0.06 else -40.0 * strength
    if 17.0 <= hour < 21.0 and soc > low + 0.1 * (goal < 0.3):
        return 110.0 * strength + 20.0 * float(np.sin(7.0 * hour))
    return 0.0


def _volts(soc: Floats, current: float, slow_a: float, res: Floats) -> Floats:
    z = LFP.impedance
    r0 = z.r0_discharge_ohm if current > 0 else z.r0_charge_ohm
    quick = np.interp(soc, z.soc, r0 + z.r1_ohm)
    return LFP.ocv.voltage_v(soc) - res * (quick * current + np.interp(soc, z.soc, z.r2_ohm) * slow_a)


def _faulty(faults, now, capacity, ohm, leak):
    cap, res, leaks = capacity.copy(), ohm.copy(), leak.copy()
    joint, sensor = np.zeros(len(cap)), np.zeros(len(cap))
    for fault in faults:
        days = max(now - fault.from_day, 0.0)
        cap[fault.cell] *= 1.0 - fault.capacity_per_day * days
        res[fault.cell] *= 1.0 + fault.resistance_per_day * days
        if days > 0.0:
            leaks[fault.cell] += fault.leak_soc_per_day
            joint[fault.cell] += fault.joint_ohm
            sensor[fault.cell] += fault.sensor_v
    return cap, res, leaks, joint, sensor

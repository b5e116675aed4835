"""Makes the data of tests/data/dfn_*.csv.gz: an LFP cell of somebody else's making, for our models to follow.

    python -m venv /tmp/pybamm && /tmp/pybamm/bin/pip install pybamm
    /tmp/pybamm/bin/python tools/dfn_cell.py tests/data

The cell is PyBaMM's Doyle-Fuller-Newman model with the parameters of Prada and others (2013, doi 10.1149/2.053303jes),
2.3 Ah, isothermal at 25 degC, solved by IDAKLU. Three records: a pulse test (HPPC), a slow discharge, and twelve hours
of what a grid asks of a battery. PyBaMM: doi 10.5334/jors.309. Tests read the records and never run PyBaMM.
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pybamm  # type: ignore[import-not-found, unused-ignore]

CAPACITY_AH = 2.3
STEP_S = 5.0
"""Currents of the grid's use are held this long."""


def pulse_test() -> Iterator[tuple[float, float]]:
    """(current [A], for how long [s]): every 5 %, ten seconds each way, then on by a third of the capacity an hour."""
    yield 0.0, 600.0
    for _ in range(19):
        yield CAPACITY_AH / 3.0, 540.0 - 7.5
        yield 0.0, 3600.0
        yield CAPACITY_AH, 10.0
        yield 0.0, 40.0
        yield -0.75 * CAPACITY_AH, 10.0
        yield 0.0, 40.0


def grid_use(rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Twelve hours: frequency regulation around a schedule that charges, rests, and empties the cell by the evening."""
    schedule = [
        (2.0, -0.16), (1.0, 0.0), (2.0, 0.04), (1.5, 0.30), (0.5, 0.0), (1.0, 0.18), (0.5, 0.0), (2.0, -0.36),
        (1.5, 0.1),
    ]  # fmt: skip
    wander = 0.0
    for hours, level in schedule:
        for _ in range(round(hours * 3600.0 / STEP_S)):
            wander = 0.97 * wander + 0.06 * float(rng.standard_normal())
            yield CAPACITY_AH * (level + 0.35 * float(np.tanh(wander))), STEP_S


def simulated(steps: list[tuple[float, float]], at_s: np.ndarray, soc: float) -> tuple[np.ndarray, np.ndarray]:
    """Current and voltage of the cell at the times of `at_s`, one solve for each stretch of constant current."""
    parameters = pybamm.ParameterValues("Prada2013")
    parameters.set_initial_state(soc)
    parameters["Upper voltage cut-off [V]"], parameters["Lower voltage cut-off [V]"] = 3.8, 1.8
    parameters["Current function [A]"] = "[input]"
    solver = pybamm.IDAKLUSolver(rtol=1e-6, atol=1e-8)
    simulation = pybamm.Simulation(pybamm.lithium_ion.DFN(), parameter_values=parameters, solver=solver)
    current, voltage, solution, start = [], [], None, 0.0
    for level, duration in steps:
        inside = at_s[(at_s > start + 1e-9) & (at_s < start + duration - 1e-9)] - start
        points = np.concatenate([[0.0], inside, [duration]])
        solution = simulation.step(
            duration, starting_solution=solution, t_interp=points, inputs={"Current function [A]": level}, save=False
        )
        found = np.interp(points[1:], solution["Time [s]"].entries - start, solution["Voltage [V]"].entries)
        voltage.extend(found)
        current.extend([level] * len(found))
        start += duration
    return np.array(current), np.array(voltage)


def written(path: Path, at_s: np.ndarray, current_a: np.ndarray, voltage_v: np.ndarray) -> None:
    """As CSV with the columns that `leyden cell fit` and `leyden estimate` read."""
    lines = ["time_s,current_a,voltage_v,temperature_degc"]
    lines += [f"{t:g},{i:.5g},{v:.5f},25" for t, i, v in zip(at_s, current_a, voltage_v, strict=True)]
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n", mtime=0))
    print(path, len(lines) - 1, "rows", path.stat().st_size, "bytes", f"{voltage_v.min():.3f}..{voltage_v.max():.3f} V")


def fine_times(steps: list[tuple[float, float]]) -> np.ndarray:
    """Every second in pulses and for a minute after each change, every half minute else."""
    found, start = [], 0.0
    for _, duration in steps:
        near = np.arange(1.0, min(duration, 60.0) + 0.5)
        far = np.arange(90.0, duration, 30.0)
        found.append(start + np.concatenate([near, far, [duration]]))
        start += duration
    return np.unique(np.concatenate(found))


def main() -> None:
    """Make all three records in the folder that is named."""
    folder = Path(sys.argv[1])
    steps = list(pulse_test())
    at_s = fine_times(steps)
    written(folder / "dfn_pulses.csv.gz", at_s, *simulated(steps, at_s, 1.0))
    at_s = np.arange(120.0, 24.6 * 3600.0, 120.0)
    slow = [(CAPACITY_AH / 25.0, float(at_s[-1]))]
    written(folder / "dfn_slow.csv.gz", at_s, *simulated(slow, at_s, 1.0))
    steps = list(grid_use(np.random.default_rng(12)))
    at_s = STEP_S * np.arange(1, len(steps) + 1)
    written(folder / "dfn_grid.csv.gz", at_s, *simulated(steps, at_s, 0.55))


if __name__ == "__main__":
    main()

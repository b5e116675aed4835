"""`leyden cell fit` and `leyden cell show`: cells from measurements, and what a cell file says."""

from pathlib import Path
from typing import Annotated

import typer

from leyden.cli.client import AsJson, fail, print_json
from leyden.cli.consoles import err, out
from leyden.cli.estimate import load_cell_or_fail, positive_or_fail, read_or_fail
from leyden.physics import load_cell
from leyden.physics.cell_fit import CellFit, FitError, fit_cell
from leyden.physics.cell_page import cell_page
from leyden.physics.fitted_cell import cell_toml, fitted_cell

app = typer.Typer(help="Cells: fit one from measurements, look at one.", no_args_is_help=True)


@app.command("fit")
def fit(
    pulses: Annotated[
        Path,
        typer.Argument(
            help="CSV of a pulse test: time_s, current_a (positive = discharge), voltage_v, temperature_degc."
        ),
    ],
    capacity: Annotated[str, typer.Option("--capacity", help='"280 Ah"')],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The cell file to write; a .html of the same name shows the fit.")
    ],
    ocv: Annotated[Path | None, typer.Option("--ocv", help="CSV of a slow discharge from full.")] = None,
    start_soc: Annotated[
        float, typer.Option("--start-soc", min=0.0, max=1.0, help="Charge before the first row, 0 to 1.")
    ] = 1.0,
    like: Annotated[str, typer.Option("--like", help="Cell whose limits, mass and cooling it takes.")] = "lfp-280ah",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fit a cell to a pulse test (HPPC), and to a slow discharge where there is one.

    Example: leyden cell fit pulses.csv --ocv slow.csv --capacity "280 Ah" --start-soc 1.0 -o my-cell.toml
    """
    if output.suffix != ".toml":
        fail(f"'{output.name}' must end in .toml", 2)
    if output.exists() and not force:
        fail(f"{output} is there already: choose another name, or say --force", 2)
    capacity_ah = positive_or_fail("--capacity", capacity, "Ah")
    record, slow = read_or_fail(pulses), None if ocv is None else read_or_fail(ocv)
    try:
        with err.status("fitting"):
            found = fit_cell(record, capacity_ah, start_soc, slow)
    except FitError as error:
        fail(f"{pulses}: {error}", 2)
    made = fitted_cell(output.stem, found, capacity_ah, load_cell_or_fail(like), _source(pulses, ocv, like, found))
    output.write_text(cell_toml(made), encoding="utf-8")
    load_cell(output.stem, [output.parent])  # what was written can be read
    page = output.with_suffix(".html")
    page.write_text(cell_page(made, record, start_soc), encoding="utf-8")
    low, high = found.measured
    if as_json:
        print_json({
            "file": str(output), "page": str(page), "rms_v": found.rms_v, "worst_v": found.worst_v,
            "measured_soc": [low, high], "tau_s": [made.impedance.tau1_s, made.impedance.tau2_s],
            "resistance_ohm": made.resistance_ohm,
        })  # fmt: skip
        return
    out.print(f"{output}: {1e3 * found.rms_v:.1f} mV RMS, {1e3 * found.worst_v:.0f} mV at worst", highlight=False)
    out.print(f"measured from SOC {low:.2f} to {high:.2f}; beyond, curves are only continued", highlight=False)
    out.print(f"{page}: the fit, to look at", highlight=False)


@app.command("show")
def show(
    cell: Annotated[str, typer.Argument(help="A shipped cell such as lfp-280ah, or a cell file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="An .html file; default: NAME.html here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a cell: voltage, resistances, hysteresis and heat over its charge.

    Example: leyden cell show lfp-280ah -o lfp.html
    """
    chosen = load_cell_or_fail(cell)
    if as_json:
        rating, impedance = chosen.rating, chosen.impedance
        print_json({
            "name": rating.name, "capacity_ah": rating.capacity_ah, "nominal_voltage_v": rating.nominal_voltage_v,
            "voltage_min_v": rating.voltage_min_v, "voltage_max_v": rating.voltage_max_v,
            "resistance_ohm": chosen.resistance_ohm, "tau_s": [impedance.tau1_s, impedance.tau2_s],
            "source": chosen.source,
        })  # fmt: skip
        return
    target = output or Path(f"{chosen.rating.name}.html")
    if target.suffix != ".html":
        fail(f"'{target.name}' must end in .html", 2)
    target.write_text(cell_page(chosen), encoding="utf-8")
    err.print(f"{target}", highlight=False)


def _source(pulses: Path, ocv: Path | None, like: str, found: CellFit) -> str:
    slow = "" if ocv is None else f" and {ocv.name}"
    low, high = found.measured
    return (
        f"Fitted to {pulses.name}{slow}: {1e3 * found.rms_v:.1f} mV RMS between SOC {low:.2f} and {high:.2f}.\n"
        f"Limits, mass, cooling and the temperature factor are those of {like}, by capacity."
    )

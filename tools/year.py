"""A whole simulated year of a site, day after day, and what of it was an alarm.

    python -m tools.year --site park.toml --days 365 --period 10

The same control on the same twin as everywhere, in one process and in simulated time; the battery may use all of its
charge, and the year has a winter and a summer. Cycles come every ten seconds instead of every second: what the control
does between two seconds is seen in other tests. Ends with code 1 where a cell alarm came, or an alarm a day. The park
takes one to two hours of a quiet core, a home less than one. `--each-month` runs so many days of every month instead.
"""

import argparse
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from tests.whole.year import CELL_ALARMS, Tale, of_every_month, tell


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default="park.toml", help="of sites/")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--period", type=float, default=10.0, help="seconds between two cycles")
    parser.add_argument("--start", default="2026-01-01")
    parser.add_argument("--each-month", type=int, metavar="DAYS", help="so many days in the middle of every month")
    said = parser.parse_args()
    tale, begun = Tale(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="leyden-year-") as name:

        def told(done: float) -> None:
            minutes = (time.monotonic() - begun) / 60.0
            sys.stderr.write(f"\r{done:6.1%}  {minutes:5.1f} min  {tale.alarms.total()} alarms ")

        if said.each_month:
            for number, start in enumerate(of_every_month(), 1):
                tell(tale, Path(name) / f"{start:%m}", said.site, start, said.each_month, said.period)
                told(number / 12)
        else:
            tell(tale, Path(name), said.site, datetime.fromisoformat(said.start), said.days, said.period, told)
    print(f"\n{said.site}, cycles of {said.period:g} s, {(time.monotonic() - begun) / 60.0:.0f} min")
    print("\n".join(tale.lines()))
    return 1 if tale.alarms.total() >= tale.days or any(kind in tale.alarms for kind in CELL_ALARMS) else 0


if __name__ == "__main__":
    sys.exit(main())

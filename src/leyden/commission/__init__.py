"""Commissioning: proof, step by step, that a site does what its site.toml says, before anything is left to control it.

`commission` runs the steps on a `Bench`, which alone talks to the devices: links and points, signs and scale by pulses,
dead time and delays by steps, the watchdog, the limits, the stop. Each is asked for before it is done and lets go at
the first bad sign. What the traces mean is decided in `judge`, which is pure; the `Report` holds every verdict with its
numbers, the traces, and the lines that are proposed for site.toml; `html_report` prints it in Chinese and English.

It needs the devices for itself: `who_commands` says whether a running site stands in the way.
"""

from leyden.commission.bench import Bench
from leyden.commission.document import Part, Report
from leyden.commission.judge import Finding, Mark, Step, Verdict
from leyden.commission.run import Wish, commission

__all__ = ["Bench", "Finding", "Mark", "Part", "Report", "Step", "Verdict", "Wish", "commission"]

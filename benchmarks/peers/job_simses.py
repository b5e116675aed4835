"""Runs where SimSES is installed: a system of 1 MWh through a year at 60 s. Prints seconds as JSON."""

import json
from importlib.metadata import version
from math import pi, sin
from time import perf_counter

from simses.battery import Battery
from simses.converter import Converter
from simses.model.cell.sony_lfp import SonyLFP
from simses.model.converter.sinamics import SinamicsS120
from simses.thermal.ambient import AmbientThermalModel

STEPS = 365 * 24 * 60

battery = Battery(SonyLFP(), (240, 434), {"start_soc": 0.5, "start_T": 25.0}, degradation=True)
converter = Converter(SinamicsS120(), 1e6, battery)
around = AmbientThermalModel(25.0, [battery])
power_w = [2.5e5 * sin(2.0 * pi * k / 720.0) for k in range(1440)]
start_s = perf_counter()
for step in range(STEPS):
    converter.step(power_w[step % 1440], 60.0)
    around.step(60.0)
print(json.dumps({"s": perf_counter() - start_s, "steps": STEPS, "cells": 1, "version": version("simses")}))

"""Runs where PyBaMM is installed: one SPMe cell, second by second. Prints seconds a step as JSON."""

import json
from time import perf_counter

import pybamm

STEPS = 200

pybamm.set_logging_level("ERROR")
simulation = pybamm.Simulation(
    pybamm.lithium_ion.SPMe(), parameter_values=pybamm.ParameterValues("Chen2020"), solver=pybamm.IDAKLUSolver()
)
simulation.step(1.0, save=False)
times_s = []
for _ in range(STEPS):
    start_s = perf_counter()
    simulation.step(1.0, save=False)
    times_s.append(perf_counter() - start_s)
times_s.sort()
print(json.dumps({"s": times_s[STEPS // 2], "steps": 1, "cells": 1, "version": pybamm.__version__}))

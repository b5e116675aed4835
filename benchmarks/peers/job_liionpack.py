"""Runs where liionpack is installed: 4 cells in parallel, 8 in series, an hour at 10 s. Prints seconds as JSON."""

import json
from time import perf_counter

import liionpack
import numpy as np
import pybamm

liionpack.set_logging_level("ERROR")
netlist = liionpack.setup_circuit(Np=4, Ns=8, Rb=1e-4, Rc=1e-2, Ri=5e-2, V=3.2, I=8.0)
hour = pybamm.Experiment(["Discharge at 8 A for 30 minutes", "Charge at 8 A for 30 minutes"], period="10 seconds")
start_s = perf_counter()
told = liionpack.solve(
    netlist=netlist, parameter_values=pybamm.ParameterValues("Chen2020"), experiment=hour, initial_soc=0.7
)
spent_s = perf_counter() - start_s
steps = np.asarray(told["Cell current [A]"]).shape[0]
print(json.dumps({"s": spent_s, "steps": steps, "cells": 32, "version": liionpack.__version__}))

"""What all tests share: how hard hypothesis looks, and where the reference data stand."""

import atexit
import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: a shared machine, and kernels that compile at their first call, are slow without being wrong.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
settings.register_profile("default", PATIENT)
settings.register_profile("ci", PATIENT, derandomize=True, print_blob=True)
settings.register_profile("thorough", PATIENT, max_examples=2000)
settings.load_profile(os.environ.get("LEYDEN_HYPOTHESIS") or ("ci" if os.environ.get("CI") else "default"))

# Hypothesis leaves a hook with the garbage collector that keeps modules beyond the end of the interpreter: DuckDB then
# prints a page about leaks, though nothing of it is open.
atexit.register(gc.callbacks.clear)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder of measured data which may be read but not shipped; mark the test `reference` too."""
    folder = Path(os.environ.get("LEYDEN_REFERENCE") or ROOT / "../shared/data/reference").resolve()
    if not folder.is_dir():
        pytest.skip(f"the reference data are not at {folder}; name their folder in LEYDEN_REFERENCE")
    return folder

"""A process gives back what it needed once."""

import subprocess
import sys

import pytest

WHAT_IS_LEFT = """
from psutil import Process
from leyden.runtime.memory import give_back_code
from tests.twin.parks import a_site, a_twin
twin = a_twin(a_site())
twin.step(1.0)
before = Process().memory_info().rss
give_back_code("libllvm")
after = Process().memory_info().rss
for _ in range(100):
    twin.step(1.0)
from numba import njit
assert njit(lambda x: x + 1)(1) == 2, "the compiler compiles when it is wanted again"
print((before - after) / 1e6)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="maps of memory are Linux's")
def test_the_compilers_code_is_given_back_and_the_twin_goes_on():
    told = subprocess.run([sys.executable, "-c", WHAT_IS_LEFT], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert float(told.stdout) > 40.0

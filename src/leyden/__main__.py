"""`python -m leyden`: the same as `leyden`."""

from leyden.cli import main

main()

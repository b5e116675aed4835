"""Where commands write: nothing of Leyden is needed for it, so that what only starts others stays small."""

from rich.console import Console

out = Console()
"""Results."""
err = Console(stderr=True)
"""Progress and errors."""

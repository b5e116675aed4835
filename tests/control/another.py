"""Controllers as another package would bring them."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Another:
    use: ClassVar[str] = "another"
    name: str = use


@dataclass(frozen=True, kw_only=True)
class Claims:
    use: ClassVar[str] = "keep-reserve"
    name: str = use

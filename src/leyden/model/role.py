"""What a person or a machine may do on a site: four roles, each with everything that the one before it may."""

from collections.abc import Mapping
from enum import StrEnum

from leyden.model.words import Words


class Role(StrEnum):
    """Ordered by what it may: `Role.VIEWER < Role.OPERATOR < Role.ENGINEER < Role.ADMINISTRATOR`."""

    VIEWER = "viewer"
    """Reads and previews."""
    OPERATOR = "operator"
    """Commands within the limits: set-points, acknowledging, locks; may take the site out of live, never into it."""
    ENGINEER = "engineer"
    """Arms the site, commissions it, puts faults into its twin."""
    ADMINISTRATOR = "administrator"
    """Says who may what."""

    @property
    def label(self) -> Words:
        """As people call it."""
        return _LABELS[self]

    def reaches(self, needed: "Role") -> bool:
        """Whether who has this role may do what that one may."""
        return _RANK[self] >= _RANK[needed]

    # Text would be compared by its letters, and an administrator would be less than a viewer.

    def __lt__(self, other: str) -> bool:
        return _RANK[self] < _RANK[Role(other)]

    def __le__(self, other: str) -> bool:
        return _RANK[self] <= _RANK[Role(other)]

    def __gt__(self, other: str) -> bool:
        return _RANK[self] > _RANK[Role(other)]

    def __ge__(self, other: str) -> bool:
        return _RANK[self] >= _RANK[Role(other)]


_RANK: Mapping[Role, int] = {role: rank for rank, role in enumerate(Role)}
_LABELS: Mapping[Role, Words] = {
    Role.VIEWER: Words("观察员", "viewer"),
    Role.OPERATOR: Words("值班员", "operator"),
    Role.ENGINEER: Words("工程师", "engineer"),
    Role.ADMINISTRATOR: Words("管理员", "administrator"),
}

"""The shapes of what does not change while a site runs, and of its twin's faults."""

from typing import Literal

from pydantic import Field

from leyden.web.models import Model, ModeModel, Text, Time


class GridModel(Model):
    """The limits of the connection."""

    import_limit_w: float
    export_limit_w: float


class LayoutModel(Model):
    """How a battery's cells are arranged: racks in parallel, modules and cells in series."""

    rack: int
    module: int
    cell: int


class CellModel(Model):
    """What the cells are, and what they may have."""

    name: str
    voltage_min_v: float
    voltage_max_v: float


class ThingModel(Model):
    """What stands on the site's bus; a battery says more of itself."""

    name: str
    kind: Literal["grid", "battery", "solar", "wind", "load"]
    label: Text
    power_w: float | None = Field(default=None, description="W; rated, or for the grid what may be imported")
    energy_wh: float | None = None
    layout: LayoutModel | None = None
    soc_min: float | None = None
    soc_max: float | None = None
    cell: CellModel | None = None


class ConnectionModel(Model):
    """A device: where it is and what its map is."""

    name: str
    map: str
    at: str
    roles: list[str]


class ControllerModel(Model):
    """One of those who decide, in the order of their priority."""

    name: str
    label: Text
    protective: bool
    summary: Text


class PointModel(Model):
    """One value that is recorded."""

    name: str = Field(description="such as b1.soc")
    unit: str
    label: Text
    doc: str


class TariffModel(Model):
    """What energy is charged by."""

    id: str
    name: str | Text
    document: str
    estimate: Literal[True]


class SiteModel(Model):
    """The site as it is described."""

    id: str
    name: Text
    timezone: str
    utc_offset_s: float
    currency: str
    environment: str
    mark: Literal["SIMULATED", "SHADOW", "LIVE"]
    mode: ModeModel
    speed: float
    version: str
    read_open: bool
    period_s: float
    grid: GridModel
    things: list[ThingModel]
    devices: list[ConnectionModel]
    controllers: list[ControllerModel]
    points: list[PointModel]
    tariff: TariffModel | None


class RecordModel(Model):
    """How the record is doing."""

    queued: int = Field(description="rows that wait to be written")
    dropped: int = Field(description="rows that found no place")
    failing: Text | None = Field(description="why nothing is written; null is healthy")


class HealthModel(Model):
    """Whether the cycle turns and the record is written."""

    ok: bool
    time: Time
    lateness_s: float
    record: RecordModel


class ParamModel(Model):
    """A number of a fault."""

    name: str
    unit: str
    label: Text
    default: float | int | str | None


class FaultKind(Model):
    """A fault that the twin knows."""

    kind: str
    label: Text
    targets: list[str]
    params: list[ParamModel]


class ActiveFault(Model):
    """A fault that is in."""

    id: int
    kind: str
    target: str
    params: dict[str, float | int | str]
    since: Time


class Faults(Model):
    """What can be put into the twin, and what is in it."""

    kinds: list[FaultKind]
    active: list[ActiveFault]


class FaultPut(Model):
    """Its number, by which it is taken out."""

    id: int


class FaultTaken(Model):
    """It is out."""

    taken: Literal[True]


class LatchesReset(Model):
    """Whose latches were let go."""

    reset: str

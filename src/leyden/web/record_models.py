"""The shapes of what is read from the record: series, cells, plans, decisions, alarms, prices."""

from typing import Literal

from pydantic import Field

from leyden.web.models import AlarmModel, DecisionModel, Model, SlotModel, Text, Time


class SeriesModel(Model):
    """A point over time: each pixel's least, mean and greatest; null where nothing is known."""

    t: list[float] = Field(description="epoch seconds, the middle of each pixel")
    min: list[float | None]
    mean: list[float | None]
    max: list[float | None]


class HistoryModel(Model):
    """Points over a span, at the width of the screen."""

    step_s: float
    series: dict[str, SeriesModel]


class PlanModel(Model):
    """What was planned for a span, and what the plan in force is."""

    slots: list[SlotModel]
    made: Time | None
    source: str | None
    version: str | int | None


class DecisionsModel(Model):
    """Decisions with their trails, newest first."""

    decisions: list[DecisionModel]


class AlarmsModel(Model):
    """Alarms that were, newest first."""

    alarms: list[AlarmModel]


class RacksModel(Model):
    """A battery's racks, in their order."""

    soc: list[float | None]
    current_a: list[float | None]
    voltage_v: list[float | None]


class CellsModel(Model):
    """Every cell of a battery, in the order rack, module, cell."""

    time: Time
    t: float = Field(description="epoch seconds")
    quality: Literal["GOOD", "STALE", "BAD"]
    shape: list[int] = Field(description="racks, modules, cells")
    voltage_mv: list[int | None]
    temperature_ddegc: list[int | None] = Field(description="tenths of a degree Celsius")
    rack: RacksModel | None = Field(description="null for what is read from the record")


class BandModel(Model):
    """A span of one price."""

    start: Time
    end: Time
    band: str
    label: Text
    import_per_kwh: float
    export_per_kwh: float | None = Field(description="null where feeding in is not paid")


class BandsModel(Model):
    """The prices of one local day."""

    bands: list[BandModel]
    currency: str
    estimate: Literal[True]
    document: str


class Released(Model):
    """The command has ended."""

    released: Literal[True] = True

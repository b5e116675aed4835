"""The shapes of the HTTP API, with their units and signs: what OpenAPI shows.

Power is positive when it flows out of the thing into the bus: discharge, grid import and generation are positive, a
load is negative. Ratios run from 0 to 1. A value that is missing is null, never 0.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

PowerW = Annotated[
    float, Field(description="W; positive out of the thing into the bus (discharge, import, generation)")
]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A number that somebody asks for: never the word false, which would be read as 0 W."""
By = Annotated[
    str | None,
    Field(
        description="who asks, said by a machine; whoever has logged in is named anyway", min_length=1, max_length=64
    ),
]
Seconds = Annotated[float, Field(description="s of site time")]
Time = Annotated[str, Field(description="ISO 8601, UTC")]


class Model(BaseModel):
    """Base: what is not described is not accepted."""

    model_config = ConfigDict(extra="forbid")


class Text(Model):
    """One text in both languages."""

    zh: str
    en: str


class Who(Model):
    """A controller as people know it."""

    controller: str
    label: Text


class Binding(Who):
    """What sets the edge at which the decision lies."""

    text: Text


class StepModel(Who):
    """One step of a decision's trail."""

    target: str = Field(description="a battery, `batteries`, a solar or wind plant")
    code: str
    text: Text
    min_w: PowerW | None = Field(description="W; what the target may still do after this step, null if unbounded")
    max_w: PowerW | None
    request_w: PowerW | None
    taken_w: PowerW | None
    taken: bool
    missed_w: float = Field(description="W; by how much its bounds had to give way to earlier ones, never negative")


class SetpointModel(Model):
    """What is written to the equipment; for solar and wind the power is a ceiling."""

    power_w: PowerW
    reactive_power_var: float = Field(description="var; positive out of the thing into the bus")
    run: bool


class DecisionModel(Model):
    """Set-points, and every step that led to them."""

    number: int
    time: Time | None = None
    sentence: Text
    total_w: PowerW
    commander: Who | None
    binds: list[Binding]
    setpoints: dict[str, SetpointModel]
    steps: list[StepModel]


class ReadbackModel(Model):
    """What has become of a command."""

    setpoint_w: PowerW | None = Field(description="W; what the devices say is in force, null where one does not say")
    power_w: PowerW | None = Field(description="W; measured, null where one is not")
    followed: bool | None = Field(description="null while that is not known, on its way, or never sent (shadow)")


class CommandModel(Model):
    """A command in force: a lease that ends by itself."""

    id: int
    target: str
    power_w: PowerW
    by: str
    since: Time
    expires: Time
    remaining_s: Seconds
    readback: ReadbackModel | None = None


class AlarmModel(Model):
    """An alarm and where it stands in its life."""

    id: int
    key: str
    priority: Literal[1, 2, 3] = Field(description="1 at once, 2 soon, 3 this shift")
    state: Literal["unack", "ack", "rtn_unack", "normal"]
    source: str
    title: Text
    text: Text
    advice: Text
    since: Time
    cleared: Time | None
    acknowledged: Time | None
    acknowledged_by: str | None
    occurrences: int


class WritesModel(Model):
    """What was written to a device; points that wear out have a daily budget."""

    total: int
    persistent_today: int
    budget: int | None = Field(description="null for a device that stores nothing")


class DeviceModel(Model):
    """How a device's link is doing."""

    state: Literal["online", "stale", "offline"]
    age_s: Seconds | None
    error: Text | None
    writes: WritesModel | None = Field(default=None, description="null where nothing can be written")


class ModeModel(Model):
    """Whether decisions reach the devices."""

    mark: Literal["SIMULATED", "SHADOW", "LIVE"]
    since: Time
    by: str


class ModeRequest(Model):
    """Arm a site, or take it to shadow."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"mark": "LIVE", "site": "park", "by": "Li", "reason": "commissioned"}]},
    )

    mark: Literal["LIVE", "SHADOW"]
    site: str = Field(default="", description="the site's id or name, typed by hand; asked for LIVE", max_length=200)
    by: By = None
    reason: str = Field(default="", max_length=500)


class HeldModel(Model):
    """A device that could not be handed back."""

    device: str
    text: Text


class ModeAnswer(Model):
    """The mode in force."""

    mode: ModeModel
    failed: list[HeldModel] = Field(description="devices that could not be handed back; each is an alarm, too")


class LockModel(Model):
    """Zero power and no start until a person takes it off."""

    target: str = Field(description="a battery, a solar or wind plant, or `batteries` for all")
    by: str
    reason: str
    since: Time


class LockRequest(Model):
    """Hang a lock on a thing."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"target": "b1", "by": "Li", "reason": "fan replaced"}]}
    )

    target: str = Field(description="a battery, a solar or wind plant, or `batteries` for all", max_length=64)
    reason: str = Field(description="why; shown wherever the lock is", max_length=500)
    by: By = None


class Locks(Model):
    """What hangs, oldest first."""

    locks: list[LockModel]


class DemandRequest(Model):
    """The month's highest demand so far, as a person read it from the meter or the bill."""

    power_w: Number = Field(description="W; mean of import over a quarter of an hour", ge=0.0)
    by: By = None
    reason: str = Field(default="", max_length=500)


class Demand(Model):
    """The month's highest demand so far."""

    demand_month_w: float | None = Field(description="W; null while nothing is known")


class ActionModel(Model):
    """What a person did."""

    id: int
    time: Time
    by: str
    what: str = Field(description="a stable code, such as `locked`")
    target: str
    before: JsonValue
    after: JsonValue
    why: str
    text: Text


class Actions(Model):
    """What people did, newest first."""

    actions: list[ActionModel]


class ShadowDayModel(Model):
    """A day in shadow: what the decisions would have earned; an estimate."""

    day: str = Field(description="ISO date by the site's wall clock")
    money: float | None = Field(description="site currency; null without a tariff")
    charged_wh: float
    discharged_wh: float
    soc: float | None = Field(default=None, description="0 to 1; where the batteries would be now, today alone")


class ShadowModel(Model):
    """What the site would have earned in shadow, by its tariff and beside the demand that was measured."""

    estimate: Literal[True] = True
    today: ShadowDayModel | None = Field(description="null where the site is not in shadow")
    days: list[ShadowDayModel] = Field(description="days that are over, oldest first")


class TodayModel(Model):
    """Sums of the site's local day."""

    import_wh: float = Field(description="Wh drawn from the grid")
    export_wh: float = Field(description="Wh fed into the grid")
    solar_wh: float
    wind_wh: float
    load_wh: float = Field(description="Wh consumed, positive")
    charged_wh: float = Field(description="Wh into the batteries at their converters' AC side")
    discharged_wh: float
    money: float | None = Field(description="site currency; what the batteries saved, null without a tariff")
    money_estimate: bool
    efficiency: float | None = Field(description="AC round trip of the day, 0 to 1")
    cycles: float | None = Field(description="equivalent full cycles")
    coverage: float = Field(description="share of the day so far with good values, 0 to 1")
    plan_money: float | None = Field(
        description="site currency; what today's plan is expected to save, an estimate; null without plan or tariff"
    )
    shadow_money: float | None = Field(
        default=None, description="site currency; what the decisions would have saved in shadow, an estimate"
    )
    demand_month_w: float | None = Field(
        default=None, description="W; highest mean of import over a quarter of an hour this month, null if not known"
    )


class SlotModel(Model):
    """One slot of the plan."""

    start: Time
    end: Time
    target: str = Field(description="a battery, or `batteries` for all together")
    mode: Literal["battery", "grid", "self", "hold"]
    power_w: PowerW | None = Field(description="W at the converters (battery) or at the meter (grid)")
    soc_end: float | None
    price_per_kwh: float | None
    title: Text
    reason: Text


class WhyModel(DecisionModel):
    """A decision with its whole trail as sentences."""

    headline: Text = Field(description="who commands and what binds")
    lines: list[Text] = Field(description="what the batteries do, then each step of the trail")
    shadow: bool = Field(description="whether it was decided in shadow, and so not sent")


class LiveModel(Model):
    """Everything about this moment."""

    seq: int
    time: Time
    t: float = Field(description="epoch seconds, site time")
    points: dict[str, float | None] = Field(description="by name, such as b1.soc; units and labels are in /api/site")
    bad: dict[str, Literal["STALE", "BAD"]]
    ages_s: dict[str, float | None]
    devices: dict[str, DeviceModel]
    mode: ModeModel
    locks: list[LockModel]
    notices: list[Text]
    decision: DecisionModel
    commands: list[CommandModel]
    alarms: list[AlarmModel]
    today: TodayModel
    next: list[SlotModel]


class ManualRequest(Model):
    """Ask for a power for a while."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"target": "b1", "power_w": 500000.0, "duration_s": 900.0, "by": "operator"}]},
    )

    target: str = Field(description="a battery, or `batteries`", max_length=64)
    power_w: Number = Field(description="W; positive discharges, negative charges")
    duration_s: Number = Field(description="s of site time, 1 s to 24 h; then it ends by itself", ge=1.0, le=86400.0)
    by: By = None
    reason: str = Field(default="", description="why; goes into the log", max_length=500)


class Preview(Model):
    """What a command would do now."""

    power_w: PowerW
    text: Text


class Granted(Model):
    """A command that is in force."""

    command: CommandModel
    preview: Preview


class AckRequest(Model):
    """Who has seen an alarm."""

    by: By = None


class FaultRequest(Model):
    """A fault to put into the twin."""

    kind: str = Field(max_length=64)
    target: str = Field(max_length=200)
    params: dict[str, Number | str] = Field(default_factory=dict)


class ResetRequest(Model):
    """Which battery management of the twin a person resets."""

    battery: str = Field(max_length=64)

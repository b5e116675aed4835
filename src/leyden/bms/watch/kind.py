"""What may be wrong with a cell: the kinds of finding, in both languages, with what to do."""

from dataclasses import dataclass
from enum import Enum

from leyden.model.words import Words


@dataclass(frozen=True, slots=True)
class About:
    """A kind as people read it."""

    label: Words
    advice: Words


class Kind(Enum):
    """Why a cell stands out. The value is the word in JSON and files."""

    SELF_DISCHARGE = "self-discharge"
    SURPLUS = "surplus"
    CAPACITY = "weak-capacity"
    RESISTANCE = "growing-resistance"
    JOINT = "lead-resistance"
    OFFSET = "offset"
    IMBALANCE = "imbalance"

    @property
    def about(self) -> About:
        """Its words."""
        return _ABOUT[self]


_ABOUT = {
    Kind.SELF_DISCHARGE: About(
        Words("自放电(静置电压持续下降)", "self-discharge: sinks at rest"),
        Words(
            "满充均衡后再看静置一周的电压;仍下降则更换,并排查内短路与漏液",
            "balance at full charge, then watch a week at rest; if it sinks again, replace it: look for an internal"
            " short or a leak",
        ),
    ),
    Kind.SURPLUS: About(
        Words("电量漂移偏高", "drifts upwards: holds more charge than the others"),
        Words(
            "检查该单体的均衡回路与采样线;或其余单体在自放电",
            "check this cell's balancing and its lead; or it is the others that lose charge",
        ),
    ),
    Kind.CAPACITY: About(
        Words("容量偏低(低端掉压)", "weak capacity: falls away near empty"),
        Words("做一次满充满放容量测试;计划更换", "measure its capacity over a full cycle; plan its replacement"),
    ),
    Kind.RESISTANCE: About(
        Words("内阻增大", "growing resistance"),
        Words("检查温度与极柱;做脉冲内阻测试", "look at its temperature and its poles; measure it with a pulse"),
    ),
    Kind.JOINT: About(
        Words("连接/引线电阻偏高", "resistance of a joint or lead"),
        Words(
            "停机断电后检查该处汇流排、螺栓力矩与采样端子",
            "with the rack off and locked: look at the bus bar, the bolt's torque and the sense terminal there",
        ),
    ),
    Kind.OFFSET: About(
        Words("采样偏差(恒定偏移)", "reads off by the same always: sensor or sense lead"),
        Words("用万用表核对该单体电压,检查采样板与采样线", "check its voltage by hand; look at the board and the lead"),
    ),
    Kind.IMBALANCE: About(
        Words("长期偏离中位", "stands apart from the others, steadily"),
        Words("满充均衡;若不见好,测容量与内阻", "balance at full charge; if that does not help, measure it"),
    ),
}

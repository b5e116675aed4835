"""What a person is asked before each step: what will be done, with its numbers."""

from leyden.commission.judge.contrast import LEAST_PULSES, MOST_PULSES
from leyden.commission.judge.verdict import Step
from leyden.commission.pace import Pace
from leyden.commission.steps.limits import ASKED_OF_IT
from leyden.commission.steps.timing import LARGEST_SHARE, STEPS
from leyden.model.site import Battery
from leyden.model.words import Words
from leyden.runtime.config import SiteConfig

_LINKS = Words(
    "1 通信:读取全部 {devices} 台设备的每个测点(不写入)",
    "1 links: read every point of all {devices} devices (nothing is written)",
)
_OF_A_BATTERY = {
    Step.SIGNS: Words(
        "2 方向:{battery} 以 ±{pulse_w} 做 {least} 至 {most} 次脉冲,每次约 {hold_s}",
        "2 signs: {least} to {most} pulses of ±{pulse_w} with {battery}, some {hold_s} each",
    ),
    Step.TIMING: Words(
        "3 时间:{battery} 做 {steps} 次不超过 {step_w} 的阶跃(以当前余地为限)",
        "3 timing: {steps} steps of up to {step_w} with {battery}, as far as there is room",
    ),
    Step.WATCHDOG: Words(
        "4 看门狗:{battery} 运行在 {pulse_w},然后停止写入,等待其自行归零(看门狗 {watchdog_s})",
        "4 watchdog: {battery} at {pulse_w}, then nothing is written until it goes to zero by itself (in {watchdog_s})",
    ),
    Step.LIMITS: Words(
        "5 限值:令 {battery} 变流器输出 {beyond_w}(额定的 110 %)数秒;电池与并网点须有 {rated_w} 的余地,否则不做",
        "5 limits: the converter of {battery} is told {beyond_w} (110 % of its rating) for a few seconds, only if "
        "battery and gate have room for {rated_w}",
    ),
    Step.STOP: Words(
        "6 停机:{battery} 运行在 {pulse_w},然后下停机命令并观察 {stay_s}",
        "6 stop: {battery} at {pulse_w}, then it is told to stop and watched for {stay_s}",
    ),
}


def question(config: SiteConfig, step: Step, battery: Battery | None, pace: Pace, pulse: float) -> Words:
    """What will be done."""
    if battery is None:
        return _LINKS.fill({"devices": len(config.site.devices)})
    rated_w = battery.converter.power_w
    return _OF_A_BATTERY[step].fill(
        {
            "battery": battery.name,
            "pulse_w": pulse * rated_w,
            "least": LEAST_PULSES,
            "most": MOST_PULSES,
            "hold_s": 2.0 * pace.hold_s,
            "steps": STEPS,
            "step_w": max(pulse, LARGEST_SHARE) * rated_w,
            "watchdog_s": config.maps[battery.converter.device].roles["converter"].watchdog_s or float("nan"),
            "rated_w": rated_w,
            "beyond_w": ASKED_OF_IT * rated_w,
            "stay_s": pace.stay_s,
        }
    )

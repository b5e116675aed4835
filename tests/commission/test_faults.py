"""Every fault that is planted in the twin is named, over real sockets; a healthy yard passes everything."""

import asyncio

import pytest

from leyden.commission import Mark, Step
from leyden.commission.judge.verdict import Aborted
from tests.commission.parks import at_rest, codes, numbers, opened, quiet, yard

FAULTS = {
    "a reversed transformer": ("reversed-ct", "gate", {}, "GateReversed"),
    "a meter of ten times": ("wrong-scale", "gate", {"factor": 10.0}, "GateScale"),
    "a meter of a tenth": ("wrong-scale", "gate", {"factor": 0.1}, "GateScale"),
    "a converter that shows ten times": ("wrong-scale", "pcs1.power_w", {"factor": 10.0}, "ConverterReads"),
    "a converter that does ten times": ("wrong-scale", "pcs1", {"factor": 0.1}, "ConverterScale"),
    "swapped meters": ("swapped-unit", "gate+line", {}, "MetersSwapped"),
    "a meter on the wrong side": ("meter-wrong-side", "gate", {}, "GateBlind"),
    "a set-point ignored": ("setpoint-ignored", "b1", {}, "ConverterIgnores"),
    "a direct current reversed": ("reversed-dc", "b1", {}, "DcReversed"),
}


async def test_a_healthy_yard_passes_every_step(tmp_path):
    async with opened(yard(tmp_path)) as there:
        report = await there.run()
        assert report.mark is Mark.PASSED, codes(report) | codes(report, Mark.UNDECIDED)
        assert [part.step for part in report.parts] == list(Step)
        assert len(there.asked) == len(Step)
        assert report.complete
        assert not report.interrupted
        measured = {finding.verdict.code: numbers(finding) for finding in report.findings}
        assert measured["MeterDelay"]["delay_s"] == pytest.approx(0.5, abs=0.1)
        assert measured["DeadTime"]["dead_time_s"] == pytest.approx(0.2, abs=0.1)
        assert 2.0 < measured["WatchdogWorks"]["took_s"] < 7.0
        assert [line.text for line in report.lines if line.table == "[grid]"] == ['meter_delay = "0.5 s"']
        assert at_rest(there.twin)
        assert not report.left_alone


@pytest.mark.parametrize("what", FAULTS)
async def test_a_planted_fault_is_named_and_nothing_else(tmp_path, what):
    kind, target, params, verdict = FAULTS[what]
    async with opened(yard(tmp_path)) as there:
        there.twin.faults.put(kind, target, params)
        report = await there.run(Step.SIGNS)
        assert codes(report) == {verdict}
        assert at_rest(there.twin)
        (named,) = [finding for finding in report.findings if finding.mark is Mark.FAILED]
        assert named.confidence > 0.99
        assert named.verdict.mend.zh != named.verdict.mend.en != ""
        if verdict == "GateScale":
            assert numbers(named)["factor"] == params["factor"]
        if verdict == "ConverterScale":
            assert numbers(named)["factor"] == 10.0


async def test_swapped_converters_are_named_with_whose_address_they_have(tmp_path):
    async with opened(yard(tmp_path, batteries=2)) as there:
        there.twin.faults.put("swapped-unit", "pcs1+pcs2")
        report = await there.run(Step.SIGNS, batteries=("b1",))
        (swapped,) = [numbers(finding) for finding in report.findings if finding.mark is Mark.FAILED]
        assert (swapped["code"], swapped["battery"], swapped["other"]) == ("ConvertersSwapped", "b1", "b2")


async def test_a_dead_watchdog_is_named_and_the_battery_brought_to_rest(tmp_path):
    async with opened(yard(tmp_path)) as there:
        there.twin.faults.put("dead-watchdog", "b1")
        report = await there.run(Step.WATCHDOG)
        assert codes(report) == {"WatchdogDead"}
        assert at_rest(there.twin)


async def test_what_fails_its_signs_is_told_nothing_more(tmp_path):
    async with opened(yard(tmp_path)) as there:
        there.twin.faults.put("wrong-scale", "pcs1", {"factor": 0.1})
        report = await there.run(Step.SIGNS, Step.TIMING, Step.LIMITS)
        assert [part.not_done is None for part in report.parts] == [True, False, False]
        assert len(there.asked) == 1


async def test_with_a_gate_that_is_not_proven_nobody_goes_to_full_power(tmp_path):
    async with opened(yard(tmp_path)) as there:
        there.twin.faults.put("reversed-ct", "gate")
        report = await there.run(Step.SIGNS, Step.LIMITS)
        assert codes(report) == {"GateReversed"}
        assert codes(report, Mark.UNDECIDED) == {"DeviceUnproven"}
        assert max(abs(value) for value in _told(report)) <= 250.0


def _told(report):
    """Every set-point of the pulses, from their charts."""
    panels = [chart.panels[0] for part in report.parts for chart in part.charts]
    return [value for panel in panels for curve in panel.curves if curve.role == "told" for value in curve.value]


@pytest.mark.parametrize(
    ("kind", "target"),
    [("silent", "gate"), ("silent", "pcs1"), ("trip", "b1"), ("nan", "bms1.soc")],
)
async def test_a_bad_sign_ends_everything_at_once(tmp_path, kind, target):
    async with opened(yard(tmp_path, timeout="1 s")) as there:
        running = asyncio.create_task(there.run(Step.SIGNS, Step.STOP))
        while there.clock.elapsed_s() < 30.0 or quiet(there.twin):
            await asyncio.sleep(0.01)
            assert not running.done()
        there.twin.faults.put(kind, target)
        report = await running
        first, second = report.parts
        assert any(isinstance(finding.verdict, Aborted) for finding in first.findings)
        assert second.not_done is not None
        there.twin.step(10.0)  # its watchdog, where it could not be told
        assert at_rest(there.twin)
        assert set(report.left_alone) == ({"pcs1"} if target == "pcs1" else set())


async def test_ctrl_c_leaves_the_battery_at_rest_and_nothing_armed(tmp_path):
    async with opened(yard(tmp_path)) as there:
        running = asyncio.create_task(there.run(Step.SIGNS))
        while there.clock.elapsed_s() < 25.0 or quiet(there.twin):
            await asyncio.sleep(0.01)
            assert not running.done()
        running.cancel()
        for _ in range(3):  # impatient people press it again
            await asyncio.sleep(0.0)
            running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert at_rest(there.twin)
        assert not there.bench.armed


async def test_nothing_is_told_before_a_person_says_yes(tmp_path):
    async with opened(yard(tmp_path)) as there:
        before = there.twin.batteries["b1"].pcs.echo
        report = await there.run(no=[step for step in Step if step is not Step.LINKS])
        assert [part.not_done is None for part in report.parts] == [True, *[False] * 5]
        assert there.twin.batteries["b1"].pcs.echo == before
        assert report.mark is Mark.UNDECIDED


async def test_a_battery_at_its_edge_is_only_pushed_away_from_it(tmp_path):
    async with opened(yard(tmp_path, twin="soc = 0.98")) as there:
        report = await there.run(Step.SIGNS)
        assert codes(report, Mark.NOTED) == {"OneWay"}
        assert codes(report) == set()
        assert (min(_told(report)), max(_told(report))) == (0.0, 250.0)

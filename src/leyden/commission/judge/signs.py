"""Signs, scales and places: who answers to a battery's pulses, and with which factor.

Three meters see the same power: the converter's own, DC volts times amperes, and the gate meter. What most of them say
is taken to be so, and the one that differs is named. Two of them that differ alike from what the converter was told and
says mean that the converter itself has the wrong scale. Where two stand against one in their sign, the DC voltage says
who is right: it falls when a battery gives.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

from leyden.commission.judge import gate_verdicts as of_gate
from leyden.commission.judge import sign_verdicts as say
from leyden.commission.judge.contrast import NO_RESPONSE, Contrast, Response, each_way, pulses_needed
from leyden.commission.judge.factor import Factor, Kind, factor_of
from leyden.commission.judge.trace import GATE, key_of
from leyden.commission.judge.verdict import Finding, Step, Verdict
from leyden.model.site import Site
from leyden.model.words import Words

LOSSY = 1.5
"""At a twentieth of its rating a converter may lose a third of what passes; DC and AC differ by no more."""
ALIKE = 1.25
"""Within this factor two meters of alternating current say the same."""
ANSWERS = (0.5, 2.0)
"""Shares of the pulse between which another meter is said to see it."""

_CONVERTER, _DC = Words("变流器", "the converter"), Words("直流侧", "the DC side")


@dataclass(frozen=True, slots=True)
class Seen:
    """What pulses of one battery were answered with, by the key of the series."""

    battery: str
    answers: Mapping[str, Response]
    """Of every power on the site. The gate's and the loads' are negated: a meter that sees the battery answers with 1.
    `dc_v:NAME` is volts per watt."""
    pulses: Sequence[Contrast] = field(default_factory=tuple)
    echo_w: float = nan
    """What its register said of the set-point during a pulse of discharge (or of charge, if there were no others)."""
    gate_noise_w: float = 0.0

    def answer(self, kind: str, thing: str = "") -> Response:
        """Of one series."""
        return self.answers.get(key_of(kind, thing) if thing else kind, NO_RESPONSE)


@dataclass(frozen=True, slots=True)
class _Factors:
    """Of what was told."""

    converter: Factor
    dc: Factor
    gate: Factor
    truth: float
    """What the converter really does of what it is told: a signed factor; 0 for nothing, nan where nobody can say."""


def judge_signs(site: Site, seen: Seen) -> list[Finding]:
    """Every verdict on one battery's pulses."""
    name = seen.battery
    converter = factor_of(seen.answer("converter", name))
    dc = factor_of(seen.answer("dc", name), LOSSY)
    gate = factor_of(seen.answer(GATE))
    found = _Factors(converter, dc, gate, _truth(converter, dc, gate, seen.answer("dc_v", name)))
    told = [*_of_converter(site, seen, found), *_of_dc(site, seen, found), *_of_gate(site, seen, found)]
    return [Finding(Step.SIGNS, target, verdict, confidence) for target, verdict, confidence in told]


Told = tuple[str, Verdict, float]


def _truth(converter: Factor, dc: Factor, gate: Factor, dc_v: Response) -> float:
    """What really happens per watt told, by the voices of all who see it."""
    voices = [one for one in (converter, dc, gate) if one.kind is not Kind.UNKNOWN]
    moving = [one for one in voices if one.sign]
    if not voices:
        return nan
    if not moving or (len(voices) == 3 and len(moving) == 1):
        return 0.0
    if len(moving) == 1:
        return moving[0].value
    return _sign(moving, dc_v) * _size(converter, dc, gate)


def _sign(moving: Sequence[Factor], dc_v: Response) -> float:
    """By majority. The converter decides no tie: it only says what it was told if its map is wrong both ways."""
    signs = [one.sign for one in moving]
    if dc_v.high < 0.0:
        signs.append(1)
    elif dc_v.low > 0.0:
        signs.append(-1)
    total = sum(signs)
    if total == 0:
        return float(signs[0]) if len(signs) == 4 else nan
    return 1.0 if total > 0 else -1.0


def _size(converter: Factor, dc: Factor, gate: Factor) -> float:
    """Two that agree are right, first the two that measure alternating current; nan where no two do."""
    if converter.sign and gate.sign and _is(converter.size, gate.size):
        return gate.size
    for one, other in ((dc, gate), (converter, dc)):
        if one.sign and other.sign and _alike(one.size, other.size):
            return one.size if one.kind is Kind.DECADE else other.size
    return nan


def _alike(one: float, other: float) -> bool:
    return 1.0 / LOSSY <= one / other <= LOSSY


def _of_converter(site: Site, seen: Seen, found: _Factors) -> Iterator[Told]:
    name, answer, own = seen.battery, seen.answer("converter", seen.battery), found.converter
    told_w, said_w = answer.told_w, answer.moved_w
    if own.kind is Kind.UNKNOWN:
        yield name, say.PulsesUndecided(name, _CONVERTER, said_w, answer.error_w), 0.0
    elif found.truth == 0.0:
        yield name, _nothing_happens(site, seen, told_w), own.confidence
    elif own.kind is Kind.OTHER and ALIKE / 10.0 < abs(found.truth) < 10.0 / ALIKE:
        yield name, say.ConverterOff(name, told_w, said_w), own.confidence
    elif found.truth != found.truth:
        yield name, _disagree(site, seen, found), own.confidence
    elif not _is(found.truth, 1.0):
        if found.truth < 0.0:
            yield name, say.ConverterReversed(name, told_w), own.confidence
        if not _is(abs(found.truth), 1.0):
            yield name, say.ConverterScale(name, told_w, abs(found.truth)), own.confidence
    elif not _is(own.value, 1.0):
        yield name, say.ConverterReads(name, told_w, own.value), own.confidence
    else:
        yield name, say.ConverterFollows(name, told_w, said_w, answer.pulses), own.confidence


def _disagree(site: Site, seen: Seen, found: _Factors) -> Verdict:
    """Two meters see it, each its own way, and no third one says who is right."""
    other, device = (found.dc, site.battery(seen.battery).bms) if found.dc.sign else (found.gate, site.grid.device)
    told_w = seen.answer("converter", seen.battery).told_w
    return say.MetersDisagree(seen.battery, device, told_w, found.converter.value * told_w, other.value * told_w)


def _nothing_happens(site: Site, seen: Seen, told_w: float) -> Verdict:
    """Nobody sees anything; unless another battery does."""
    other = _another(site, seen, ("converter", "dc"))
    if other is not None:
        return say.ConvertersSwapped(seen.battery, other)
    return say.ConverterIgnores(seen.battery, told_w, seen.echo_w)


def _of_dc(site: Site, seen: Seen, found: _Factors) -> Iterator[Told]:
    name, answer, dc = seen.battery, seen.answer("dc", seen.battery), found.dc
    device, truth = site.battery(name).bms, found.truth
    if answer.pulses == 0:
        yield name, say.DcNotMeasured(name), nan
    elif truth == 0.0 or truth != truth:
        return
    elif dc.kind is Kind.UNKNOWN:
        yield name, say.PulsesUndecided(name, _DC, answer.moved_w, answer.error_w), 0.0
    elif dc.kind is Kind.NONE:
        other = _another(site, seen, ("dc",))
        yield (
            name,
            say.DcBlind(name, device) if other is None else say.ConvertersSwapped(name, other),
            dc.confidence,
        )
    else:
        if dc.value * truth < 0.0:
            yield name, say.DcReversed(name, device), dc.confidence
        if not _alike(dc.size, abs(truth)):
            yield name, say.DcScale(name, device, dc.size / abs(truth)), dc.confidence
        elif dc.value * truth > 0.0 and _is(found.converter.value, truth):
            yield name, say.DcAgrees(name, *_efficiencies(seen)), dc.confidence


def _efficiencies(seen: Seen) -> tuple[float, float]:
    """AC over DC in discharge, DC over AC in charge, by these two meters."""
    ac, dc = key_of("converter", seen.battery), key_of("dc", seen.battery)
    (ac_in, ac_out), (dc_in, dc_out) = each_way(seen.pulses, ac), each_way(seen.pulses, dc)
    return abs(ac_out / dc_out) if dc_out else nan, abs(dc_in / ac_in) if ac_in else nan


def _of_gate(site: Site, seen: Seen, found: _Factors) -> Iterator[Told]:
    answer, gate, device = seen.answer(GATE), found.gate, site.grid.device
    truth = found.truth
    told_w = answer.told_w
    numbers = (device, told_w, answer.moved_w, answer.error_w, answer.pulses)
    if truth == 0.0 or (truth != truth and gate.kind is not Kind.NONE):
        return
    if gate.kind is Kind.UNKNOWN:
        needed = max(answer.pulses, pulses_needed(seen.gate_noise_w, told_w) if told_w else 0)
        yield device, of_gate.GateUndecided(*numbers, seen.gate_noise_w, needed), 0.0
    elif gate.kind is Kind.NONE:
        yield device, _unseen(site, seen, numbers), gate.confidence
    else:
        factor = gate.value / truth
        if factor < 0.0:
            yield device, of_gate.GateReversed(device, told_w, abs(answer.moved_w), *numbers[3:]), gate.confidence
        if not _is(abs(factor), 1.0):
            wrong = of_gate.GateScale if gate.kind is Kind.DECADE else of_gate.GateRatio
            yield device, wrong(*numbers, abs(factor)), gate.confidence
        elif factor > 0.0:
            yield (
                device,
                of_gate.GateAgrees(abs(truth) * told_w, answer.moved_w, answer.error_w, answer.pulses),
                gate.confidence,
            )
    if gate.kind is not Kind.NONE:
        yield from _loads(site, seen)


def _unseen(site: Site, seen: Seen, numbers: tuple[str, float, float, float, int]) -> Verdict:
    """The gate does not answer: another meter that does stands in its place, or none does."""
    device, told_w = numbers[0], numbers[1]
    for load in site.loads:
        answer = seen.answer("load", load.name)
        if load.device is not None and ANSWERS[0] < abs(answer.ratio) < ANSWERS[1] and _sure(answer):
            return of_gate.MetersSwapped(device, load.device, abs(answer.moved_w), told_w)
    return of_gate.GateBlind(*numbers)


def _loads(site: Site, seen: Seen) -> Iterator[Told]:
    """Meters of loads that see the battery too."""
    for load in site.loads:
        answer = seen.answer("load", load.name)
        if load.device is not None and ANSWERS[0] < abs(answer.ratio) < ANSWERS[1] and _sure(answer):
            verdict = of_gate.LoadSeesBattery(load.device, load.name, answer.told_w, abs(answer.moved_w))
            yield load.device, verdict, answer.probability(*sorted((0.0, 10.0 * answer.ratio)))


def _another(site: Site, seen: Seen, kinds: Sequence[str]) -> str | None:
    """Another battery that answers in this one's place."""
    for battery in site.batteries:
        answers = [seen.answer(kind, battery.name) for kind in kinds]
        if battery.name != seen.battery and any(_sure(a) and abs(a.ratio) > ANSWERS[0] for a in answers):
            return battery.name
    return None


def _sure(answer: Response) -> bool:
    """Whether it answers at all."""
    return answer.pulses > 0 and not answer.low <= 0.0 <= answer.high


def _is(value: float, wanted: float) -> bool:
    return 1.0 / ALIKE <= value / wanted <= ALIKE

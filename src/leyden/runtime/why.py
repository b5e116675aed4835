"""A decision's whole trail as sentences: who commands, what binds, and what each step asked and left.

Made of the decision as it is recorded, so that one of last month reads as one of now; room, API and command line
print these very lines.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leyden.model.site import BATTERIES
from leyden.model.words import Words, printed_value

Recorded = Mapping[str, Any]
"""`describe.decision_json`, or the same from the record."""

_W = 1.0
"""Powers nearer than this are the same."""
_ALL = Words("全部电池", "all batteries")
_NOBODY = Words("无人请求功率", "nobody asks for power")
_COMMANDS = Words("由“{who}”指挥", "{who} commands")
_BOUND = Words("受限于“{who}”:{text}", "bound by {who}: {text}")
_FREE = Words("无约束生效", "nothing binds")
_ASKED = Words("请求 {request_w}", "asks {request_w}")
_GIVEN = Words("得到 {taken_w}", "is given {taken_w}")
_TOO_LATE = Words("已有更优先的请求", "somebody asked before it")
_LEFT = Words("{target} 可取 {low} … {high}", "{target} may do {low} … {high}")
_MISSED = Words("因更优先的限制让步 {missed_w}", "gave way to earlier ones by {missed_w}")
_SHADOW = Words("影子模式:以下仅为拟定,未下发", "shadow: this was decided and not sent")


def headline(decision: Recorded, shadow: bool = False) -> Words:
    """The first line: who commands now and what binds."""
    commander, parts = decision["commander"], []
    if shadow:
        parts.append(_SHADOW)
    parts.append(_NOBODY if commander is None else _COMMANDS.fill({"who": _words(commander["label"])}))
    binds = [bind for bind in decision["binds"] if commander is None or bind["controller"] != commander["controller"]]
    parts += [_BOUND.fill({"who": _words(bind["label"]), "text": _words(bind["text"])}) for bind in binds]
    if not decision["binds"]:
        parts.append(_FREE)
    return _joined(parts)


def sentences(decision: Recorded) -> Iterator[Words]:
    """What the batteries do, then each step of the trail in its order."""
    yield _words(decision["sentence"])
    for step in decision["steps"]:
        parts = []
        if step["request_w"] is not None:
            parts.append(_ASKED.fill({"request_w": step["request_w"]}))
            # What was given is told where it differs: a request that was met says so by itself.
            if step["taken_w"] is None:
                parts.append(_TOO_LATE)
            elif abs(step["taken_w"] - step["request_w"]) > _W:
                parts.append(_GIVEN.fill({"taken_w": step["taken_w"]}))
        parts.append(_left(step))
        if step["missed_w"] > _W:
            parts.append(_MISSED.fill({"missed_w": step["missed_w"]}))
        label, text, rest = _words(step["label"]), _words(step["text"]), _joined(parts)
        yield Words(f"{label.zh}:{text.zh} — {rest.zh}", f"{label.en}: {text.en} — {rest.en}")


def _left(step: Recorded) -> Words:
    target = _ALL if step["target"] == BATTERIES else Words(step["target"], step["target"])
    low, high = _edge(step["min_w"], "−∞"), _edge(step["max_w"], "∞")
    return _LEFT.fill({"target": target, "low": low, "high": high})


def _edge(power_w: float | None, unbounded: str) -> str:
    return unbounded if power_w is None else printed_value("power_w", power_w)


def _words(told: Mapping[str, str]) -> Words:
    return Words(told["zh"], told["en"])


def _joined(parts: list[Words]) -> Words:
    return Words(";".join(part.zh for part in parts), "; ".join(part.en for part in parts))

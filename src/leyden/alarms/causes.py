"""One alarm for one cause: a lost link hides what only follows from it.

Two things follow from a lost link. Whoever needs what the device says speaks up too: the guard of the gate meter is
then part of the alarm about the meter's device, which becomes as urgent as it. And where several devices stand behind
one address, such as the units of a gateway, all of them fall silent together: that is one alarm about the address.
An alarm that stands already is never taken back for this; it goes when its cause does.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from leyden.model.address import Address
from leyden.model.condition import Condition
from leyden.model.site import Site
from leyden.model.words import Words

SILENT = "device-silent"
"""The kind of condition that a device without an answer raises; its source is the device."""
HOST = "host-silent"
"""The kind that stands for all devices behind an address."""
_FOLLOWS: Mapping[str, str] = {"meter-lost": SILENT, "data-missing": SILENT, "cells-silent": "data-missing"}
"""Kinds that say only what another kind means, or the same once more; of the same source, or of its devices."""
GATHER_S = 2.0
"""How long a first silent device waits for the others behind its address. All of them at once for less than this are a
stumble of this computer rather than theirs."""
LINGER_S = 60.0
"""How long an alarm about an address stands for those of its devices that do not come back with the others."""
_FAMILIES: Mapping[str, str] = {
    "not-following": "following",
    "stopped-not-following": "following",
    "echo-differs": "following",
    "record-failing": "storage",
    "ledger-failing": "storage",
    "blackbox-failing": "storage",
}
"""Kinds that one cause brings about one after another; told to people as one."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """What is known about addresses whose devices are silent, by address."""

    since: Mapping[str, datetime] = field(default_factory=dict)
    """When the first of its devices fell silent."""
    partly: Mapping[str, datetime] = field(default_factory=dict)
    """Since when some of them, and no longer all, are."""


_NOBODY = Gathering()


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is behind what on a site."""

    hosts: Mapping[str, str] = field(default_factory=dict)
    """Behind which address each device is."""
    speakers: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Which devices speak for a thing."""

    @classmethod
    def of(cls, site: Site) -> "Wiring":
        """The wiring of a site."""
        hosts = {device.name: Address.from_text(device.at).place[0] for device in site.devices}
        speakers: dict[str, set[str]] = {}
        for device, _, thing in site.roles():
            speakers.setdefault(thing, set()).add(device)
        return cls(hosts, speakers)

    def heard_of(self, source: str) -> Collection[str]:
        """Whose silence is the silence of a thing or a device."""
        return {source, *self.speakers.get(source, ())}


def family_of(key: str) -> str:
    """The cause that a person would name: keys of one family and one source have the same."""
    kind, _, source = key.partition(":")
    family = _FAMILIES.get(kind)
    return key if family is None else f"{family}:{source}" if source and family != "storage" else family


def by_cause(
    conditions: Sequence[Condition],
    wiring: Wiring,
    standing: Collection[str],
    before: Gathering,
    time: datetime,
) -> tuple[list[Condition], Gathering]:
    """The conditions that are causes; `standing` says which alarms stand."""
    if not conditions:
        return [], _NOBODY
    silent = {condition.source: condition for condition in conditions if _kind(condition.key) == SILENT}
    if not silent and not before.since:
        return _merged(conditions, wiring, standing), before
    hosts = wiring.hosts
    groups = {host: [d for d, at in hosts.items() if at == host] for host in dict.fromkeys(hosts.values())}
    found, since, partly, hidden = list(conditions), {}, {}, set[str]()
    for host, devices in groups.items():
        lost = [silent[device] for device in devices if device in silent]
        if len(devices) < 2 or not lost:
            continue
        since[host] = min(before.since.get(host, time), time)
        new = {condition.key for condition in lost} - set(standing)
        together = f"{HOST}:{host}" in standing
        waited = time - since[host] >= timedelta(seconds=GATHER_S)
        if len(lost) == len(devices) and (together or len(new) > 1):
            found += [_together(host, lost)] if together or waited else []
        elif together:
            partly[host] = min(before.partly.get(host, time), time)
            if time - partly[host] >= timedelta(seconds=LINGER_S):
                continue
            found.append(_together(host, lost))
        elif waited:
            continue
        hidden |= new
    return _merged(found, wiring, standing, hidden), Gathering(since, partly)


def _merged(
    found: Sequence[Condition], wiring: Wiring, standing: Collection[str], hidden: Collection[str] = ()
) -> list[Condition]:
    """Without what only follows, which becomes a part of its cause."""
    if not any(_kind(condition.key) in _FOLLOWS for condition in found):
        return [condition for condition in found if condition.key not in hidden]
    told = [_with_consequences(condition, found, wiring) for condition in found if condition.key not in hidden]
    return [c for c in told if c.key in standing or not any(_follows(c, other, wiring) for other in found)]


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _follows(condition: Condition, cause: Condition, wiring: Wiring) -> bool:
    """Whether one only says what the other means."""
    if _FOLLOWS.get(_kind(condition.key), "") != _kind(cause.key):
        return False
    return cause.source == condition.source or cause.source in wiring.heard_of(condition.source)


def _with_consequences(cause: Condition, others: Sequence[Condition], wiring: Wiring) -> Condition:
    """A cause with what it means, as urgent as the worst of it."""
    causes = [cause]
    if _kind(cause.key) == HOST:
        causes = [other for other in others if _kind(other.key) == SILENT]
    for other in others:
        if any(_follows(other, one, wiring) for one in causes):
            text = Words(f"{cause.text.zh};{other.text.zh}", f"{cause.text.en}; {other.text.en}")
            cause = replace(cause, priority=min(cause.priority, other.priority), text=text)
    return cause


def _together(host: str, lost: Sequence[Condition]) -> Condition:
    names = ", ".join(condition.source for condition in lost)
    values = {"host": host, "count": len(lost), "names": names}
    return Condition(
        key=f"{HOST}:{host}",
        source=host,
        priority=min(condition.priority for condition in lost),
        title=Words("多台设备通信中断", "no device answers at an address"),
        text=Words("{host} 上 {count} 台设备均无应答:{names}", "{host}: none of {count} devices answers: {names}").fill(
            values
        ),
        advice=Words(
            "检查该地址的网关、交换机与供电;恢复后自动重连",
            "check the gateway, switch and power behind this address; devices reconnect by themselves",
        ),
    )

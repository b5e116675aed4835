"""What watches over a running site while nobody looks: its log, its black box, and those who are told of alarms."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leyden import __version__
from leyden.alarms import AlarmChange, ChangeKind
from leyden.devices.frame_log import FrameLog
from leyden.model.condition import Condition
from leyden.model.words import Words
from leyden.runtime.blackbox import BlackBox
from leyden.runtime.cell_watch import CellWatch
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.notify import Notifier, channels_of
from leyden.runtime.secret_store import SecretStore
from leyden.runtime.service_manager import ServiceManager
from leyden.runtime.site_log import site_log
from leyden.runtime.station import Moment, Station

BOX = "blackbox"
"""The folder of the black box, in that of the record."""
_LOG = logging.getLogger(__name__)
_INCIDENT = frozenset({ChangeKind.RAISED, ChangeKind.RETURNED, ChangeKind.ESCALATED})


@dataclass(frozen=True, slots=True)
class Night:
    """Everything that watches over one site."""

    folder: Path
    """Where the site's data are."""
    box: BlackBox
    notifier: Notifier
    secrets: SecretStore
    manager: ServiceManager
    cells: CellWatch
    frames: FrameLog | None = None
    """What stood on the wires lately."""

    async def run(self) -> None:
        """Beside the cycle, until cancelled."""
        await asyncio.gather(self.notifier.run(), asyncio.Event().wait())

    def conditions(self) -> Iterable[Condition]:
        """What those who watch have found, and what is wrong with them."""
        yield from self.cells.conditions()
        yield from self.notifier.conditions()
        if self.box.failing is not None:
            yield _box_condition(self.box.failing)

    def changed(self, changes: Sequence[AlarmChange]) -> None:
        """Into the log; and what an urgent alarm came from is kept for longer."""
        for change in changes:
            alarm, cause = change.alarm, change.alarm.condition
            _LOG.info("alarm %s P%d %s: %s", change.kind, cause.priority, alarm.key, cause.text.en)
            if change.kind in _INCIDENT and cause.priority <= 2:
                self.box.pin(alarm.set_time, alarm.key)

    def turned(self, moment: Moment) -> None:
        """From the cycle: it has turned."""
        self.cells.look(moment.snapshot)
        self.notifier.alive()
        self.manager.turned(moment.decision.sentence.en)


@contextmanager
def night(config: SiteConfig, station: Station, frames: FrameLog | None = None) -> Iterator[Night]:
    """Watch over this station; `run` is to go on beside its cycle."""
    folder = data_folder(config, simulated=config.twin is not None)
    secrets = SecretStore(config.path.parent)
    with site_log(folder, secrets.hide):
        site, options = config.site, config.notify
        channels = channels_of(options, secrets, site.id)
        notifier = Notifier(
            site, options, channels, station.alarms, station.ledger.states, station.clock, lambda: station.mode.mark
        )
        box = BlackBox(folder / BOX, config.blackbox, lambda: station.controllers)
        watching = Night(folder, box, notifier, secrets, ServiceManager(), CellWatch(), frames)
        station.witnesses.append(box.witness)
        station.watches.append(watching.conditions)
        station.alarms.listen(watching.changed)
        station.listen(watching.turned)
        _LOG.info("Leyden %s begins: %s, %s, %s", __version__, site.id, config.path, station.mode.mark)
        try:
            yield watching
        finally:
            box.close()
            _LOG.info("ends: %s", site.id)


def _box_condition(why: Words) -> Condition:
    return Condition(
        key="blackbox-failing",
        source="blackbox",
        priority=3,
        title=Words("黑匣子无法写入", "the black box is not written"),
        text=why,
        advice=Words(
            "检查磁盘;控制不受影响,但事后无法复现决策",
            "check the disk; control goes on, but what it decides cannot be decided again",
        ),
    )

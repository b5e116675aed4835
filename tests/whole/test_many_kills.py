"""kill -9 at random moments while a forced discharge is under way: never a stranded command, never a limit left, never
an acknowledged record lost."""

import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from leyden.control.manual import RAMP
from leyden.runtime.http import AnswerError
from tests.whole.mortal import BLUR, LATE_S, RATED_W, Mortal, mortal
from tests.whole.park import wait_for
from tests.whole.witnesses import Operator, Witness, nothing_was_lost

SPEED = 5.0
"""Meter and converter are read some ten milliseconds apart on a busy computer; faster, that is too much of a ramp."""
START = "2026-01-21T00:05"
LONGEST_WATCHDOG_S = 60.0
FLUSH_WALL_S = 0.1
FORCED_W = 0.1 * RATED_W


def live_again(site: Mortal, since_t: float) -> Any:
    """The first moment that a new life tells."""

    def look():
        try:
            live = site.park.live()
        except AnswerError:
            return None
        return live if live["t"] > since_t and not live["bad"].get("b1.power_w") else None

    return wait_for(look, f"the site did not come back: {site.park.log.read_text()[-2000:]}")


def never_grows_faster_than_the_ramp(site: Mortal, born_s: float, until_s: float) -> None:
    """From the first word of a new life on power only falls, or grows at the ramp of a soft start. Until then the
    converter may still be on its way to what it was told last."""
    told_s = next((t for t in site.truth.tells if t > born_s), until_s) + 0.5
    seen = [(t, abs(power_w)) for t, power_w in site.truth.since(born_s) if t <= until_s]
    found_w = max((power_w for t, power_w in seen if t <= told_s), default=0.0)
    for t, power_w in seen:
        # A cycle may come up to a second late.
        assert power_w <= found_w + RAMP * RATED_W * max(0.0, t - told_s + 1.0) + BLUR * RATED_W, (t - told_s, found_w)


def rests_by_itself(site: Mortal, killed_s: float) -> None:
    """Nobody is there any more: within its watchdog the converter is at zero, and stays there."""
    armed_s = site.twin.batteries["b1"].pcs.watchdog_s
    assert armed_s <= LONGEST_WATCHDOG_S
    wait_for(lambda: site.twin.told_s > killed_s + armed_s + LATE_S + 5.0, "the twin stands still")
    late = [power_w for t, power_w in site.truth.since(killed_s + armed_s + LATE_S)]
    assert max(map(abs, late)) < BLUR * RATED_W


def kill_again_and_again(site: Mortal, kills: int, rng: np.random.Generator) -> str:
    """What has been seen, in a line."""
    operator = Operator(site.park, rng.spawn(1)[0], most_w=RATED_W, least_w=-0.2 * RATED_W, lasting_s=(2.0, 60.0))
    witness, forced, t = Witness(site.park, SPEED, FLUSH_WALL_S), 0, 0.0
    for kill in range(kills):
        born_s, at_work = site.twin.told_s, None
        site.beget()
        if kill and rng.random() < 0.15:  # before it has said a word
            time.sleep(float(rng.uniform(0.0, 1.0)))
        else:
            live = live_again(site, t)
            operator.check(live, t)
            if not live["commands"]:  # what ran out while it was dead stays over
                assert all(step["controller"] != "manual" or not step["taken"] for step in live["decision"]["steps"])
            never_grows_faster_than_the_ramp(site, born_s, site.twin.told_s)
            at_work = threading.Thread(target=operator.work, args=(threading.Event(),))
            at_work.start()
            if rng.random() < 0.8:
                wait_for(lambda: abs(site.truth.power_w[-1]) > FORCED_W, "no command was followed")
            witness.look(float(rng.uniform(0.1, 1.2)) if rng.random() < 0.9 else 2.5)
            t = witness.seen[-1]
        killed_s = site.kill()
        forced += abs(site.truth.power_w[-1]) > FORCED_W
        if at_work is not None:
            at_work.join(20.0)
            assert not at_work.is_alive()
        witness.killed()
        if rng.random() < 0.3:
            rests_by_itself(site, killed_s)
        assert site.truth.wrong == []
    assert forced >= kills // 2
    nothing_was_lost(site.park, operator, witness)
    seen = site.truth
    return (
        f"{kills} kills, {forced} with power forced, {len(operator.granted)} commands, {len(witness.safe)} moments;"
        f" at the gate {-seen.most_export_w:.0f} to {seen.most_import_w:.0f} W, {seen.t[-1] / 3600:.2f} h"
    )


@pytest.mark.timeout(180)
def test_killed_twice_with_a_discharge_forced(tmp_path):
    with mortal(tmp_path, START, SPEED) as site:
        kill_again_and_again(site, 2, np.random.default_rng(1))


@pytest.mark.kill
@pytest.mark.timeout(1800)
def test_killed_a_hundred_times_with_a_discharge_forced(tmp_path):
    with mortal(tmp_path, START, SPEED) as site:
        sys.stdout.write(kill_again_and_again(site, 100, np.random.default_rng(100)))

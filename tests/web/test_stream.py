"""The live stream: whole at first, then only what changed, and never a gap for a slow reader."""

import asyncio

import orjson
import pytest

from leyden.web.stream import WAITING, Hub, delta


def document(seq, **points):
    return {"seq": seq, "time": f"t{seq}", "t": float(seq), "points": points, "alarms": []}


def parsed(message):
    name, data, *_ = message.decode().split("\n")
    return name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))


def test_a_delta_holds_only_what_changed():
    before, after = document(1, a=1.0, b=2.0), document(2, a=1.0, b=3.0)
    assert delta(before, after) == {"seq": 2, "time": "t2", "t": 2.0, "points": {"b": 3.0}}


def test_a_value_that_goes_missing_is_a_change():
    assert delta(document(1, a=1.0), document(2, a=None))["points"] == {"a": None}


@pytest.mark.asyncio
async def test_every_reader_can_rebuild_the_document():
    current = document(1, a=1.0)
    hub = Hub(lambda: current)
    first = hub.read()
    name, whole = parsed(await anext(first))
    assert (name, whole) == ("full", current)
    current = document(2, a=2.0)
    # A second reader comes between two deltas: the first must still see what it missed.
    second = hub.read()
    assert parsed(await anext(second)) == ("full", current)
    name, change = parsed(await anext(first))
    assert (name, change["points"]) == ("delta", {"a": 2.0})
    await first.aclose()
    await second.aclose()


@pytest.mark.asyncio
async def test_a_slow_reader_is_given_the_whole_document_again():
    current = document(0, a=0.0)
    hub = Hub(lambda: current)
    reader = hub.read()
    await anext(reader)
    for seq in range(1, WAITING + 2):
        current = document(seq, a=float(seq))
        hub._send()
    name, whole = parsed(await anext(reader))
    assert (name, whole["points"]) == ("full", {"a": float(WAITING + 1)})
    await reader.aclose()


@pytest.mark.asyncio
async def test_closing_ends_every_stream():
    hub = Hub(lambda: None)
    reader = hub.read()
    waiting = asyncio.create_task(anext(reader, None))
    await asyncio.sleep(0)
    hub.close()
    assert await waiting is None

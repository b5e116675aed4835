"""The twin's control port, and the site's routes to it, over real sockets."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.cli.serving import Server
from leyden.runtime.config import data_folder
from leyden.runtime.twin_host import TwinHost
from leyden.twin import Twin
from leyden.web.problems import ApiError, tell
from leyden.web.twin_port import create_twin_app
from leyden.web.twin_routes import reading, writing
from tests.whole.inside import configured
from tests.whole.park import free_ports

WORDS = {"zh", "en"}


@pytest.fixture
def host(tmp_path):
    config = configured(tmp_path)
    assert config.twin is not None
    twin = Twin(config.site, config.twin, config.cells)
    return TwinHost(config.site, twin, config.maps, data_folder(config, simulated=True), 1.0)


@pytest.fixture
def port(host):
    with TestClient(create_twin_app(host)) as client:
        yield client


@asynccontextmanager
async def site_of(host):
    """The site's routes, with the control port behind a socket."""
    (number,) = free_ports(1)
    server = Server(create_twin_app(host), "127.0.0.1", number)
    serving = asyncio.create_task(server.run_until_cancelled())
    while not server.started:  # noqa: ASYNC110 - it tells in no other way
        await asyncio.sleep(0.01)
    app = FastAPI()
    app.add_exception_handler(ApiError, tell)
    for router in (reading(number), writing(number)):
        app.include_router(router, prefix="/api")
    with TestClient(app) as client:
        yield client
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def latched(host):
    """A battery management that opened a rack, healthy again but waiting."""
    fault = host.twin.faults.put("hot-cell", "b1", {"rack": 1, "heat_w": 900})
    host.twin.step(900.0)
    host.twin.faults.take(fault.id)
    assert host.twin.read().battery["b1"].fault_bits != 0


def test_every_kind_of_fault_is_listed_with_words_and_targets(port):
    kinds = {kind["kind"]: kind for kind in port.get("/faults").json()["kinds"]}
    for kind in kinds.values():
        assert kind["label"].keys() == WORDS
        assert all(kind["label"].values())
        assert kind["targets"]
        assert all(param["label"].keys() == WORDS for param in kind["params"])
    assert kinds["reversed-ct"]["targets"] == ["gate", "line"]
    assert kinds["swapped-unit"]["targets"] == ["gate+line", "inv1+inv2"]
    assert kinds["meter-wrong-side"]["targets"] == ["gate"]
    assert kinds["wrong-scale"]["params"][0]["name"] == "factor"
    assert {"dead-watchdog", "reversed-dc", "setpoint-ignored"} <= kinds.keys()


def test_a_twin_that_runs_alone_answers_leyden_fault_too(host, port):
    assert port.get("/api/twin/faults").json() == port.get("/faults").json()
    put = port.post("/api/twin/faults", json={"kind": "dead-watchdog", "target": "b1"}).json()
    assert [fault.kind for fault in host.twin.faults.active()] == ["dead-watchdog"]
    assert port.delete(f"/api/twin/faults/{put['id']}").status_code == 200
    assert port.delete(f"/api/twin/faults/{put['id']}").status_code == 404


def test_a_person_resets_a_latched_battery(host, port):
    latched(host)
    assert port.post("/reset", json={"battery": "b1"}).json() == {"reset": "b1"}
    assert host.twin.batteries["b1"].bms.fault_bits == 0


def test_a_battery_that_is_not_there_is_named_with_those_that_are(port):
    told = port.post("/reset", json={"battery": "b9"})
    assert told.status_code == 404
    assert told.json()["detail"]["en"] == "there is no battery 'b9'; there are: b1"
    assert "b9" in told.json()["detail"]["zh"]
    assert port.post("/reset", json={}).status_code == 422


async def test_the_sites_routes_hand_a_reset_on(host):
    latched(host)
    async with site_of(host) as client:
        answers = await asyncio.to_thread(
            lambda: [client.post("/api/twin/reset", json={"battery": name}) for name in ("b9", "b1")]
        )
    assert [answer.status_code for answer in answers] == [404, 200]
    assert answers[0].json()["detail"].keys() == WORDS
    assert host.twin.batteries["b1"].bms.fault_bits == 0


async def test_leyden_fault_can_be_pointed_at_a_twin_that_runs_alone(host):
    latched(host)
    (number,) = free_ports(1)
    server = Server(create_twin_app(host), "127.0.0.1", number)
    serving = asyncio.create_task(server.run_until_cancelled())
    while not server.started:  # noqa: ASYNC110 - it tells in no other way
        await asyncio.sleep(0.01)

    def called(*words):
        address = ("--url", f"http://127.0.0.1:{number}")
        return CliRunner().invoke(make_app(("fault",)), ["fault", *words, *address])

    try:
        listed = await asyncio.to_thread(called, "list")
        assert "meter-wrong-side" in listed.output
        put = await asyncio.to_thread(called, "put", "wrong-scale", "gate", "factor=10")
        assert put.output.split()[1:] == ["wrong-scale", "on", "gate"]
        assert host.twin.faults.active()[-1].params == {"factor": 10.0}
        assert (await asyncio.to_thread(called, "reset", "b1")).output == "b1 reset\n"
        assert host.twin.batteries["b1"].bms.fault_bits == 0
        assert (await asyncio.to_thread(called, "reset", "b9")).exit_code == 1
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

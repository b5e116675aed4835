"""The API asked everything that its schema allows, and much that it does not, by an administrator."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from threading import Event, Thread
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.specs.openapi.schemas import OpenApiSchema

from leyden.cli.serving import Server
from leyden.model.role import Role
from leyden.runtime.twin_host import TwinHost
from leyden.web.live import live_json
from leyden.web.models import LiveModel
from leyden.web.twin_port import create_twin_app
from tests.web.house import PASSWORD, House, house
from tests.web.test_roles import FREE, NEEDS

PHASES = ("examples", "coverage", "fuzzing", "stateful")


@contextmanager
def control_port(home: House) -> Iterator[int]:
    """The twin's, on a real socket, on a thread of its own."""
    host = TwinHost(home.config.site, home.twin, home.config.maps, home.folder, 1.0)
    server, ready, loop = Server(create_twin_app(host), "127.0.0.1", 0), Event(), asyncio.new_event_loop()

    async def serve() -> None:
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 it tells in no other way
            await asyncio.sleep(0.01)
        ready.set()
        await serving

    thread = Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert ready.wait(60)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(60)
    loop.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[House]:
    """A site with its twin's control port on a real socket."""
    with house(tmp_path_factory.mktemp("data")) as made, control_port(made) as port:
        yield made.again(twin_port=port)


KNOWN = {
    "things": ["b1", "batteries", "pv1", "w1"],
    "points": ["b1.soc", "grid.power_w,b1.soc"],
    "people": ["li", "wang", "zhao", "qian"],
    "passwords": [PASSWORD],
    "numbers": [1, 2, 3],
    "faults": ["setpoint-ignored", "dead-watchdog", "hot-cell"],
    "devices": ["gate", "bms1", "b1"],
    "sites": ["park"],
    "moments": ["2026-09-20T03:05:05Z"],
}
"""Of this site: or hardly a request would be about anything that is there."""
WHERE = {
    "path.battery": "things", "path.target": "things", "body.target": "things", "body.battery": "things",
    "query.points": "points", "path.name": "people", "body.name": "people", "body.user": "people",
    "body.password": "passwords", "path.command_id": "numbers",
    "path.alarm_id": "numbers", "path.fault_id": "numbers", "path.token_id": "numbers", "body.kind": "faults",
    "body.site": "sites", "query.time": "moments", "query.around": "moments",
}  # fmt: skip
TURN_EVERY = 20
"""Requests, after which the site turns: what was written must be something that it can live with."""


def loaded(home: House, examples: int, phases: Collection[str]) -> OpenApiSchema:
    """The API with what is asked of it, by an administrator."""
    config = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "max-stream-events": 1,
            "generation": {"max-examples": examples, "deterministic": True},
            "phases": {name: {"enabled": name in phases} for name in PHASES},
            # What fits the schema may still make no sense here: a battery that is not there.
            "checks": {"positive_data_acceptance": {"enabled": False}},
            "dictionaries": {name: {"values": values} for name, values in KNOWN.items()},
            "parameters": {name: {"dictionary": words, "probability": 0.5} for name, words in WHERE.items()},
        }
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", home.app, config=config)
    asked = count()

    @schema.auth(refresh_interval=None)
    class Administrator:
        """One of the requests may have taken the last token back."""

        def get(self, case: Any, ctx: Any) -> str:
            now = home.clock.now()
            if home.ledger.tokens.check(home.tokens[Role.ADMINISTRATOR], now) is None:
                home.tokens[Role.ADMINISTRATOR] = home.ledger.tokens.create("again", Role.ADMINISTRATOR, now)
            return home.tokens[Role.ADMINISTRATOR]

        def set(self, case: Any, data: str, ctx: Any) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    @schema.hook
    def after_call(context: Any, case: Any, response: Any) -> None:
        if next(asked) % TURN_EVERY == 0:
            home.turn(1.0)

    return schema


def ask(schema: OpenApiSchema) -> tuple[set[str], set[str]]:
    """Ask everything; what was answered otherwise than the schema says, or crashed; and what was done with success."""
    wrong, done = set(), set()
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            for checks in event.recorder.checks.values():
                found = [check.failure_info for check in checks if check.failure_info is not None]
                wrong |= {
                    f"{event.label}: {one.failure.title}: {one.failure.message}\n{one.code_sample}" for one in found
                }
            answers = [i.response.status_code for i in event.recorder.interactions.values() if i.response is not None]
            done |= {str(event.label)} if 200 in answers else set()
        elif isinstance(event, NonFatalError | FatalError):
            wrong.add(str(event.value if isinstance(event, NonFatalError) else event.exception))
    return wrong, done


def hold(home: House) -> None:
    """After all that: the site turns, its decision is within the ratings, and its ledger is whole."""
    home.turn(5.0)
    live = LiveModel.model_validate(live_json(home.station))
    for battery in home.config.site.batteries:
        assert abs(live.decision.setpoints[battery.name].power_w) <= battery.converter.power_w
    assert home.station.record.state().failing is None
    for pragma, answer in (("integrity_check", "ok"), ("foreign_key_check", None)):
        rows = home.ledger._file.read(f"PRAGMA {pragma}")
        assert [row[0] for row in rows] == ([answer] if answer else [])
    home.whole_ledger()


@pytest.fixture(scope="module")
def peopled(home: House) -> House:
    """With what requests may be about: somebody, a command, a fault."""
    home.ledger.users.add("li", Role.OPERATOR, PASSWORD, home.clock.now())
    home.ledger.users.add("wang", Role.ADMINISTRATOR, PASSWORD, home.clock.now())
    home.station.command("b1", 1e5, 86_000.0, "li")
    home.twin.faults.put("silent", "line", {})
    home.turn(1.0)
    return home


def test_no_request_is_answered_otherwise_than_the_schema_says(peopled):
    wrong, done = ask(loaded(peopled, 1, ["fuzzing"]))
    assert not wrong, "\n\n".join(sorted(wrong))
    assert len(done) > 20, "hardly anything was done"
    hold(peopled)


HARDLY = {
    "POST /api/login",  # somebody who has been changed meanwhile
    "POST /api/mode",  # a twin stays simulated
    "POST /api/password",  # a token has none
    "DELETE /api/manual/{command_id}",  # whose number is not in force any more
    "DELETE /api/locks/{target}",  # while people can log in, no machine takes one off
}
"""What is refused almost always, or always."""


BY_LUCK: Mapping[str, Mapping[str, Any] | None] = {
    "POST /api/users": {"name": "sun", "role": "viewer", "password": "some other horse"},
    "POST /api/twin/faults": {"kind": "hot-cell", "target": "b1", "params": {}},
    "GET /api/battery/{battery}": None,
}
"""What only a request succeeds with of which several words fit one another: drawn by lot it may not have happened."""


def asked_rightly(home: House, route: str) -> bool:
    """Whether a request that fits is done, after all the others."""
    now = home.clock.now()
    secret = home.ledger.tokens.create("at last", Role.ADMINISTRATOR, now)
    method, path = route.split(" ")
    with home.client(Authorization=f"Bearer {secret}") as client:
        answer = client.request(method, path.replace("{battery}", "b1"), json=BY_LUCK[route])
    assert answer.status_code == 200, answer.text
    return True


@pytest.mark.soak
def test_no_request_of_many_is_either(peopled):
    """With every boundary of the schema, and with what follows from one another."""
    wrong, done = ask(loaded(peopled, 10, PHASES))
    assert not wrong, "\n\n".join(sorted(wrong))
    done |= {route for route in BY_LUCK if route not in done and asked_rightly(peopled, route)}
    assert done >= {*NEEDS, *FREE} - HARDLY
    hold(peopled)

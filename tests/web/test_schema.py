"""The API asked everything that its schema allows, and much that it does not, by an administrator."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from leyden.cli.serving import Server
from leyden.model.role import Role
from leyden.runtime.twin_host import TwinHost
from leyden.web.twin_port import create_twin_app
from tests.web.house import House, house

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


def asked(home: House, examples: int, phases: Collection[str]) -> list[str]:
    """Ask everything, by an administrator's token; what was answered otherwise than the schema says, or crashed."""
    config = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "max-stream-events": 1,
            "generation": {"max-examples": examples, "deterministic": True},
            "phases": {name: {"enabled": name in phases} for name in PHASES},
            # What fits the schema may still make no sense here: a battery that is not there.
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", home.app, config=config)

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

    wrong, operations = set(), set()
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            operations.add(event.label)
            for checks in event.recorder.checks.values():
                found = [check.failure_info for check in checks if check.failure_info is not None]
                wrong |= {f"{event.label}: {one.failure.title}: {one.failure.message}: {one.code_sample}" for one in found}
        elif isinstance(event, NonFatalError | FatalError):
            wrong.add(str(event.value if isinstance(event, NonFatalError) else event.exception))
    assert operations >= {operation.ok().label for operation in schema.get_all_operations()}
    return sorted(wrong)


def test_no_request_is_answered_otherwise_than_the_schema_says(home):
    assert asked(home, 3, ["coverage", "fuzzing"]) == []

"""HTTPS over a real socket: the session's cookie, the live stream with it, and what the server writes down."""

import asyncio
import logging
import ssl
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import trustme

from leyden.cli.serving import Server
from leyden.model.role import Role
from tests.web.house import PASSWORD, house

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with house(tmp_path_factory.mktemp("data")) as made:
        made.ledger.users.add("ann", Role.OPERATOR, PASSWORD, made.clock.now())
        yield made


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "room.key")
    for link in issued.cert_chain_pems:
        link.write_to_path(folder / "room.crt", append=True)
    return folder / "room.crt", folder / "room.key"


@asynccontextmanager
async def served(home, tls):
    """The site on a free port; its address."""
    server = Server(home.app, "127.0.0.1", 0, tls)
    running = asyncio.create_task(server.run_until_cancelled())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:  # noqa: ASYNC110 it has no event for it
                await asyncio.sleep(0.01)
        assert server.config.ssl is not None
        assert server.config.ssl.minimum_version >= ssl.TLSVersion.TLSv1_2
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_a_person_logs_in_watches_and_is_cut_off_when_logged_out(home, tls, authority):
    """An EventSource sends the cookie by itself; its stream ends when the session does."""
    async with served(home, tls) as port, asyncio.timeout(PATIENCE_S):
        kinds = {"base_url": f"https://127.0.0.1:{port}", "verify": trusting(authority), "headers": {"X-Leyden": "1"}}
        async with httpx.AsyncClient(**kinds) as client:
            assert (await client.get("/api/stream")).status_code == 401
            login = await client.post("/api/login", json={"user": "ann", "password": PASSWORD})
            assert login.status_code == 200
            assert "secure" in login.headers["set-cookie"].lower()
            assert "server" not in login.headers
            async with client.stream("GET", "/api/stream") as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == "event: full"
                home.station.turn()
                while await anext(lines) != "event: delta":
                    pass
                await client.post("/api/logout")
                while True:
                    home.station.turn()
                    if await anext(lines, None) is None:
                        break
            assert (await client.get("/api/site")).status_code == 401


async def test_a_stream_with_the_token_in_its_address_leaves_no_token_in_any_log(home, tls, authority, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "leyden.access")
    token = home.tokens[Role.VIEWER]
    async with served(home, tls) as port, asyncio.timeout(PATIENCE_S):
        kinds = {"base_url": f"https://127.0.0.1:{port}", "verify": trusting(authority)}
        async with httpx.AsyncClient(**kinds) as client:
            async with client.stream("GET", "/api/stream", params={"token": token}) as stream:
                assert await anext(stream.aiter_lines()) == "event: full"
            assert (await client.get("/api/site", params={"token": token + "x"})).status_code == 401
    # The test's own client logs what it asks; the site may not.
    ours = [record for record in caplog.records if not record.name.startswith(("http", "hpack"))]
    assert any("GET /api/stream 200" in record.getMessage() for record in ours)
    assert all(token.split(".")[2] not in record.getMessage() for record in ours)


async def test_nothing_is_spoken_in_clear(home, tls):
    async with served(home, tls) as port, asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        with suppress(ConnectionError):
            assert b"HTTP" not in await reader.read()
        writer.close()

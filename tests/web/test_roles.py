"""Every route with every role: who may not changes nothing."""

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from leyden.model.role import Role
from tests.web.house import house, words

V, O, E, A = Role  # noqa: E741 a table of roles is read by its letters
NEEDS = {
    "GET /api/site": V,
    "GET /api/snapshot": V,
    "GET /api/stream": V,
    "GET /api/health": V,
    "GET /api/tariff": V,
    "GET /api/history": V,
    "GET /api/export": V,
    "GET /api/plan": V,
    "GET /api/decisions": V,
    "GET /api/alarms": V,
    "GET /api/cells/{battery}": V,
    "GET /api/cells/{battery}/at": V,
    "GET /api/battery/{battery}": V,
    "GET /api/why": V,
    "GET /api/actions": V,
    "GET /api/locks": V,
    "GET /api/shadow": V,
    "GET /api/twin/faults": V,
    "POST /api/manual/preview": V,
    "POST /api/password": V,
    "POST /api/manual": O,
    "DELETE /api/manual/{command_id}": O,
    "POST /api/alarms/{alarm_id}/ack": O,
    "POST /api/locks": O,
    "DELETE /api/locks/{target}": O,
    "POST /api/mode": O,
    "POST /api/demand": O,
    "POST /api/twin/faults": E,
    "DELETE /api/twin/faults/{fault_id}": E,
    "POST /api/twin/reset": E,
    "GET /api/doctor": E,
    "GET /api/backup": A,
    "GET /api/users": A,
    "POST /api/users": A,
    "PATCH /api/users/{name}": A,
    "DELETE /api/users/{name}": A,
    "GET /api/tokens": A,
    "POST /api/tokens": A,
    "DELETE /api/tokens/{token_id}": A,
}
"""The roles of the contract, route by route; a new route must be entered here."""
FREE = {"GET /api/me", "POST /api/login", "POST /api/logout"}
"""What one asks before one is anybody."""
PAGES = {"/openapi.json", "/assets", "/{path:path}"}
"""The room's own files, which hold nothing of the site, and the description of the API."""
PLACES = {
    "battery": "b1",
    "command_id": "1",
    "alarm_id": "1",
    "fault_id": "1",
    "name": "the-viewer",
    "token_id": "1",
    "target": "b1",
}


def ask(client, route, **kinds):
    """One request; a body that no route takes for one, so that nobody who is let through changes anything."""
    method, path = route.split()
    if method not in ("GET", "DELETE"):
        kinds.setdefault("json", {"no": "sense"})
    return client.request(method, path.format(**PLACES), **kinds)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with house(tmp_path_factory.mktemp("data")) as made:
        yield made


# Every route.


def test_every_route_is_in_the_table_with_its_role(home):
    told = {
        f"{method.upper()} {path}": operation.get("security")
        for path, methods in home.app.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    assert set(told) == set(NEEDS) | FREE
    for route, role in NEEDS.items():
        assert told[route] == [{"token": [role]}, {"session": [role]}], route
    assert all(told[route] is None for route in FREE)


def test_no_route_hides_from_openapi(home):
    """What is not described is the room's own files and nothing else."""
    bare, routers = [], [home.app.router]
    while routers:
        for route in routers.pop().routes:
            if isinstance(inside := getattr(route, "original_router", None), APIRouter):
                routers.append(inside)
            elif not isinstance(route, APIRoute) or not route.include_in_schema:
                bare.append(route.path)
    assert set(bare) == PAGES


@pytest.mark.parametrize("route", NEEDS)
def test_nobody_is_asked_who_they_are(home, route):
    before = home.whole_ledger()
    for headers in (
        {},
        {"Authorization": "Bearer leyden.1.wrong"},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "leyden-park=wrong", "X-Leyden": "1"},
    ):
        answer = ask(home.client(**headers), route)
        assert answer.status_code == 401, (headers, answer.text)
        assert words(answer)
    assert home.whole_ledger() == before


@pytest.mark.parametrize("via", ["machine", "person"])
@pytest.mark.parametrize("role", Role)
def test_below_its_role_nothing_answers_and_nothing_changes(home, role, via):
    client = getattr(home, via)(role)
    before = home.whole_ledger()
    for route, needed in NEEDS.items():
        if not role.reaches(needed):
            answer = ask(client, route)
            assert answer.status_code == 403, (route, answer.text)
            assert needed.label.en in words(answer)
            assert role.label.zh in answer.json()["detail"]["zh"]
    assert home.whole_ledger() == before


@pytest.mark.parametrize("via", ["machine", "person"])
@pytest.mark.parametrize("role", Role)
def test_from_its_role_upwards_every_route_is_open(home, role, via):
    client = getattr(home, via)(role)
    before = home.did()
    for route, needed in NEEDS.items():
        # The stream never ends; a delete would be done.
        if role.reaches(needed) and route != "GET /api/stream" and not route.startswith("DELETE"):
            answer = ask(client, route)
            assert answer.status_code in (200, 404, 422, 503), (route, answer.text)
    assert {what for _, what, _ in home.did()[len(before) :]} <= {"backup-made"}


@pytest.mark.parametrize("route", [route for route in NEEDS if not route.startswith("GET")])
def test_a_page_of_another_site_cannot_use_somebodys_cookie_for_writing(home, route):
    client = home.person(Role.ADMINISTRATOR)
    del client.headers["X-Leyden"]
    before = home.whole_ledger()
    answer = ask(client, route)
    assert answer.status_code == 403
    assert "X-Leyden" in words(answer)
    assert home.whole_ledger() == before


def test_where_reading_is_open_anybody_is_a_viewer_and_no_more(home):
    home = home.again(read="open")
    before = home.whole_ledger()
    for client in (home.client(), home.client(Authorization="Bearer stale"), home.client(Cookie="leyden-park=old")):
        me = client.get("/api/me").json()
        assert (me["name"], me["role"], me["via"]) == (None, "viewer", "open")
        for route, needed in NEEDS.items():
            if route != "GET /api/stream":
                assert (ask(client, route).status_code == 401) == (needed > Role.VIEWER), route
    assert home.whole_ledger() == before


@pytest.mark.parametrize("via", ["machine", "person"])
def test_an_operator_leaves_live_and_does_not_go_there(home, via):
    order = {"mark": "LIVE", "site": "park", "reason": "a test"}
    before = home.did()
    answer = getattr(home, via)(Role.OPERATOR).post("/api/mode", json=order)
    assert (answer.status_code, words(answer)) == (403, "this needs the role engineer; yours is operator")
    assert getattr(home, via)(Role.ENGINEER).post("/api/mode", json=order).status_code == 409, "a twin stays simulated"
    assert home.did()[: len(before)] == before
    assert {what for _, what, _ in home.did()[len(before) :]} <= {"logged-in"}

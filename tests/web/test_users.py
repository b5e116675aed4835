"""People over the API: logging in and out; who goes into the log; people and tokens; how often; what is never told."""

import logging
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from leyden.model.role import Role
from leyden.web.limits import Limits, Patience, Rate
from tests.web.house import MUCH, PASSWORD, house, words


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with house(tmp_path_factory.mktemp("data")) as made:
        yield made


# Who goes into the log.


def order(**more):
    return {"target": "b1", "power_w": 1e5, "duration_s": 60.0} | more


def test_a_person_is_logged_by_name_whatever_is_given_and_a_machine_by_its_label(home):
    home.person(Role.OPERATOR).post("/api/manual", json=order(by="somebody else"))
    home.machine(Role.OPERATOR).post("/api/manual", json=order(by="li\nlogged-in"))
    commands = [by for by, what, _ in home.did() if what == "lease-granted"]
    assert commands[-2:] == ["the-operator", "li logged-in [operator machine]"]


def test_no_person_can_be_called_like_a_machine(home):
    answer = home.machine(Role.ADMINISTRATOR).post(
        "/api/users", json={"name": "li [operator machine]", "role": "viewer", "password": PASSWORD}
    )
    assert answer.status_code == 422
    assert "letters, digits" in words(answer)


# Logging in and out.


def test_a_session_is_in_a_cookie_that_no_script_reads_and_no_other_site_uses(home):
    home.person(Role.VIEWER)
    for base, secure in (("http://testserver", False), ("https://testserver", True)):
        client = home.client()
        client.base_url = base
        answer = client.post("/api/login", json={"user": "the-viewer", "password": PASSWORD})
        assert answer.json() == {"me": {"name": "the-viewer", "role": "viewer", "via": "session", "users": True}}
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("leyden-park=")
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert ("secure" in cookie) is secure
        assert "password" not in answer.text
        assert client.get("/api/site").status_code == 200


def test_nobody_is_told_whether_the_name_or_the_password_was_wrong(home):
    home.person(Role.VIEWER)
    told = []
    for user, password in (("the-viewer", "wrong password"), ("nobody", PASSWORD), ("no such name", "\u0000")):
        answer = home.client().post("/api/login", json={"user": user, "password": password})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        told.append(answer.json())
    assert told[0] == told[1] == told[2]


def test_who_logs_out_is_out_everywhere_the_cookie_went(home):
    client = home.person(Role.VIEWER)
    stolen = home.client(Cookie=f"leyden-park={client.cookies['leyden-park']}")
    assert stolen.get("/api/site").status_code == 200
    assert client.post("/api/logout").json() == {"me": {"name": None, "role": None, "via": None, "users": True}}
    assert stolen.get("/api/site").status_code == 401
    assert client.get("/api/site").status_code == 401
    assert home.client().post("/api/logout").status_code == 200, "nobody may leave too"


def test_logging_in_again_ends_the_session_before(home):
    client = home.person(Role.VIEWER)
    old = client.cookies["leyden-park"]
    client.post("/api/login", json={"user": "the-viewer", "password": PASSWORD})
    assert client.get("/api/site").status_code == 200
    assert home.client(Cookie=f"leyden-park={old}").get("/api/site").status_code == 401


def test_a_session_ends_by_time(home):
    idle, client = home.person(Role.VIEWER), home.person(Role.VIEWER)
    home.clock.advance(3599.0)
    assert client.get("/api/site").status_code == 200
    home.clock.advance(2.0)
    answer = idle.get("/api/site")
    assert (answer.status_code, words(answer)) == (401, "this session has ended: log in again")
    assert idle.get("/api/me").json()["role"] is None
    for _ in range(12):
        client.get("/api/site")
        home.clock.advance(3500.0)
    assert client.get("/api/site").status_code == 401, "a shift is over, however busy it was"


# People.


def test_an_administrator_makes_changes_and_removes_people(home):
    boss = home.machine(Role.ADMINISTRATOR)
    made = boss.post("/api/users", json={"name": "张伟", "role": "operator", "password": PASSWORD})
    assert made.status_code == 200
    assert made.json()["user"]["role"] == "operator"
    zhang = home.client(**{"X-Leyden": "1"})
    assert zhang.post("/api/login", json={"user": "张伟", "password": PASSWORD}).status_code == 200
    assert boss.patch("/api/users/张伟", json={"role": "viewer"}).json()["user"]["role"] == "viewer"
    assert zhang.get("/api/site").status_code == 401, "a new role asks for a new login"
    assert boss.patch("/api/users/张伟", json={"enabled": False}).status_code == 200
    assert zhang.post("/api/login", json={"user": "张伟", "password": PASSWORD}).status_code == 401
    names = [user["name"] for user in boss.get("/api/users").json()["users"]]
    assert "张伟" in names
    assert boss.delete("/api/users/张伟").json() == {"removed": True}
    assert boss.delete("/api/users/张伟").status_code == 404
    told = [action["text"]["en"] for action in boss.get("/api/actions").json()["actions"]]
    for sentence in ("[administrator machine] let 张伟 log in as operator", "张伟 logged in"):
        assert sentence in told
    assert [did for did in home.did() if did[2] == "张伟"] == [
        ("[administrator machine]", "user-added", "张伟"),
        ("张伟", "logged-in", "张伟"),
        ("[administrator machine]", "user-changed", "张伟"),
        ("[administrator machine]", "user-changed", "张伟"),
        ("[administrator machine]", "user-removed", "张伟"),
    ]


def test_the_last_administrator_stays_over_the_api_too(home):
    boss, name = home.person(Role.ADMINISTRATOR), home.persons[Role.ADMINISTRATOR]
    for answer in (
        boss.delete(f"/api/users/{name}"),
        boss.patch(f"/api/users/{name}", json={"role": "viewer"}),
        boss.patch(f"/api/users/{name}", json={"enabled": False}),
    ):
        assert answer.status_code == 409
        assert "last administrator" in words(answer)
    assert boss.get("/api/users").status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"password": "short"}, 422, "between 10 and 256"),
        ({"password": "Somebody-New"}, 422, "must not be the name"),
        ({"name": "a b"}, 422, "letters, digits"),
        ({"name": "THE-VIEWER"}, 409, "already"),
        ({"role": "owner"}, 422, "role"),
        ({"more": 1}, 422, "more"),
    ],
)
def test_nobody_is_made_of_nonsense(home, change, status, why):
    home.person(Role.VIEWER)
    before = home.whole_ledger()
    body = {"name": "somebody-new", "role": "viewer", "password": PASSWORD} | change
    answer = home.machine(Role.ADMINISTRATOR).post("/api/users", json=body)
    assert answer.status_code == status
    assert why in words(answer)
    assert home.whole_ledger() == before


def test_a_change_that_changes_nothing_is_told(home):
    home.person(Role.VIEWER)
    answer = home.machine(Role.ADMINISTRATOR).patch("/api/users/the-viewer", json={})
    assert (answer.status_code, words(answer)) == (422, "there is nothing to change")


def test_everybody_changes_their_own_password_and_other_sessions_end(home):
    other = home.person(Role.ENGINEER)
    mine = home.person(Role.ENGINEER)
    wrong = mine.post("/api/password", json={"old": "not this one", "new": "another long one"})
    assert (wrong.status_code, words(wrong)) == (422, "the old password is wrong")
    weak = mine.post("/api/password", json={"old": PASSWORD, "new": "the-engineer"})
    assert "must not be the name" in words(weak)
    done = mine.post("/api/password", json={"old": PASSWORD, "new": "another long one"})
    assert done.json()["me"]["name"] == "the-engineer"
    assert mine.get("/api/site").status_code == 200
    assert other.get("/api/site").status_code == 401
    assert home.client().post("/api/login", json={"user": "the-engineer", "password": PASSWORD}).status_code == 401, (
        "the old one is no more"
    )
    mine.post("/api/password", json={"old": "another long one", "new": PASSWORD})
    machine = home.machine(Role.ENGINEER).post("/api/password", json={"old": "x", "new": "y"})
    assert machine.status_code == 409


# Tokens.


def test_an_administrator_makes_and_takes_back_tokens(home):
    boss = home.person(Role.ADMINISTRATOR)
    made = boss.post("/api/tokens", json={"label": "dispatcher", "role": "operator", "expires_s": 3600.0}).json()
    machine = home.client(Authorization=f"Bearer {made['token']}")
    assert machine.get("/api/me").json() == {"name": "dispatcher", "role": "operator", "via": "token", "users": True}
    assert machine.get("/api/users").status_code == 403
    listed = {token["id"]: token for token in boss.get("/api/tokens").json()["tokens"]}
    assert listed[made["id"]]["label"] == "dispatcher"
    assert made["token"] not in boss.get("/api/tokens").text
    home.clock.advance(3599.0)
    assert machine.get("/api/site").status_code == 200
    home.clock.advance(1.0)
    assert words(machine.get("/api/site")) == "this token is not valid, or has expired"
    boss = home.person(Role.ADMINISTRATOR)
    assert boss.delete(f"/api/tokens/{made['id']}").json() == {"removed": True}
    assert boss.delete(f"/api/tokens/{made['id']}").status_code == 404
    assert made["id"] not in {token["id"] for token in boss.get("/api/tokens").json()["tokens"]}


def test_a_token_taken_back_opens_nothing_from_then_on(home):
    boss = home.machine(Role.ADMINISTRATOR)
    made = boss.post("/api/tokens", json={"label": "guest", "role": "viewer"}).json()
    machine = home.client(Authorization=f"Bearer {made['token']}")
    assert machine.get("/api/site").status_code == 200
    boss.delete(f"/api/tokens/{made['id']}")
    assert machine.get("/api/site").status_code == 401


def test_a_token_in_the_address_reads_and_never_writes(home):
    token = home.tokens[Role.ADMINISTRATOR]
    assert home.client().get("/api/site", params={"token": token}).status_code == 200
    assert home.client().post("/api/manual", params={"token": token}, json=order()).status_code == 401


# How often.


def test_guessing_a_password_waits_longer_and_longer_and_known_and_unknown_names_alike(home):
    home = home.again(Limits(address=Patience(free=1000)))
    home.ledger.users.add("ann", Role.VIEWER, PASSWORD, home.clock.now())
    client = home.client()
    for name in ("ann", "nobody"):
        seen = []
        for _ in range(6):
            answer = client.post("/api/login", json={"user": name, "password": "wrong wrong wrong"})
            if answer.status_code == 429:
                wait_s = int(answer.headers["retry-after"])
                seen.append(wait_s)
                right = client.post("/api/login", json={"user": name, "password": PASSWORD})
                assert right.status_code == 429, "the right one has to wait as well, or the wait would tell"
                home.clock.advance(wait_s)
        assert seen == [1, 2][: len(seen)]
        assert seen
    home.clock.advance(60.0)
    assert client.post("/api/login", json={"user": "Ann", "password": PASSWORD}).status_code == 200
    assert client.post("/api/login", json={"user": "ann", "password": "wrong wrong wrong"}).status_code == 401


def test_guessing_from_one_address_waits_whatever_the_names_and_is_an_event(home):
    home = home.again(Limits(address=Patience(free=3)))
    client, before = home.client(), failing(home)
    codes = [
        client.post("/api/login", json={"user": f"n{n}", "password": "typed by mistake"}).status_code for n in range(5)
    ]
    assert codes == [401, 401, 401, 401, 429]
    assert failing(home) == [*before, "testclient"]
    assert "typed by mistake" not in "\n".join(home.whole_ledger())


def failing(home):
    """From where too much was wrong, oldest first."""
    now = home.station.clock.now()
    events = home.ledger.events.between(now - timedelta(days=1), now + timedelta(days=1))
    return [event.source for event in reversed(events) if event.kind == "login-failing"]


def test_wrong_tokens_wait_and_right_ones_never(home):
    home = home.again(Limits(address=Patience(free=2)))
    wrong = home.client(Authorization="Bearer leyden.1.wrong")
    assert [wrong.get("/api/site").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert int(wrong.get("/api/site").headers["retry-after"]) == 1
    assert home.machine(Role.VIEWER).get("/api/site").status_code == 200


def test_writes_have_a_budget_for_each_who_writes_and_reads_none(home):
    home = home.again(Limits(writes=Rate(burst=3.0, per_s=0.5)))
    machine, other = home.machine(Role.OPERATOR), home.machine(Role.ENGINEER)
    codes = [machine.delete("/api/manual/999").status_code for _ in range(4)]
    assert codes == [404, 404, 404, 429]
    answer = machine.delete("/api/manual/999")
    assert int(answer.headers["retry-after"]) == 2
    assert "too many writes" in words(answer)
    assert other.delete("/api/manual/999").status_code == 404
    assert all(machine.get("/api/site").status_code == 200 for _ in range(10))
    home.clock.advance(2.0)
    assert machine.delete("/api/manual/999").status_code == 404


# What surrounds every request.


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused_before_anybody_is_asked(home, chunked):
    body = b'{"user": "' + b"x" * MUCH.body_bytes + b'"}'
    content = iter([body[:1000], body[1000:]]) if chunked else body
    answer = home.client().post("/api/login", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "64 KiB" in words(answer)
    exact = home.client().post("/api/login", content=b" " * (MUCH.body_bytes - 2) + b"{}")
    assert exact.status_code == 422


@pytest.mark.parametrize("path", ["/", "/api/site", "/api/nothing", "/assets/app.js", "/openapi.json"])
def test_every_answer_has_the_headers_that_keep_it_to_itself(home, path):
    answer = home.client().get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy, "scripts are as everything: ours, and never inline"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    if path.startswith("/api/"):
        assert answer.headers["cache-control"] == "no-store"


def test_the_room_holds_no_inline_script_that_the_policy_would_stop(home):
    page = home.client().get("/").text
    assert page.count("<script") == page.count('<script type="module" crossorigin src="./assets/')
    assert "http://" not in page
    assert "https://" not in page


def test_methods_and_addresses_that_are_not_there_are_told_in_words(home):
    answer = home.client().put("/api/site")
    assert (answer.status_code, words(answer)) == (405, "this address has no such method")
    assert answer.headers["allow"] == "GET"
    assert words(home.client().get("/api/nothing")) == "there is no such address"


READABLE = (
    "users", "tokens", "site", "snapshot", "health", "alarms", "actions", "why", "export?points=b1.soc&step=raw",
)  # fmt: skip


def test_secrets_are_in_no_log_no_page_and_no_file(tmp_path, caplog):
    """A whole session, and then everything that it left behind."""
    caplog.set_level(logging.DEBUG)
    with house(tmp_path) as home:
        boss = home.machine(Role.ADMINISTRATOR)
        boss.post("/api/users", json={"name": "ann", "role": "operator", "password": "ann's own secret"})
        made = boss.post("/api/tokens", json={"label": "dispatcher", "role": "operator"}).json()["token"]
        ann = home.client(**{"X-Leyden": "1"})
        ann.post("/api/login", json={"user": "ann", "password": "ann's own secret"})
        cookie = ann.cookies["leyden-park"]
        ann.post("/api/login", json={"user": "ann", "password": "a mistyped secret"})
        ann.post("/api/login", json={"user": "in the wrong field secret", "password": "x"})
        ann.post("/api/password", json={"old": "ann's own secret", "new": "ann's new secret"})
        ann.post("/api/manual", json=order())
        home.client().get("/api/site", params={"token": made})
        home.client().get("/api/nothing", params={"token": made})
        home.client().get("/api/site", params={"token": made + "wrong"})
        home.client().post(f"/api/manual?token={made}", json=order())
        pages = [str(home.app.openapi()).encode()]
        pages += [boss.get(f"/api/{path}").content for path in READABLE]
        for path in ("/api/doctor", "/api/backup"):
            with ZipFile(BytesIO(boss.get(path).content)) as bundle:
                assert bundle.namelist()
                pages += [bundle.read(name) for name in bundle.namelist()]
        # The test's own client writes a log as well, which is not the site's.
        log = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
        pages += ["\n".join(home.whole_ledger()).encode(), log.encode()]
        secrets = {*home.tokens.values(), made, cookie, "ann's", "mistyped secret", "wrong field secret"}
        parts = {part for secret in secrets for part in (secret, secret.rpartition(".")[2])}
        assert "POST /api/manual 200" in log, "there is a log to look at"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"ledger.sqlite", "leyden.log"} <= {path.name for path in files}
    for part in parts:
        assert all(part.encode() not in page for page in pages), part
        assert all(part.encode() not in path.read_bytes() for path in files), part

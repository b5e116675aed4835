"""Nonsense is told in both languages, and never echoed: it may be a password in the wrong field."""

import json

import pytest

from leyden.model.role import Role
from leyden.web.invalid import _CHINESE
from tests.web.house import house


@pytest.fixture(scope="module")
def boss(tmp_path_factory):
    with house(tmp_path_factory.mktemp("data")) as made:
        yield made.machine(Role.ADMINISTRATOR)


ORDER = {"target": "b1", "power_w": 1e5, "duration_s": 60.0}


@pytest.mark.parametrize(
    ("method", "path", "body", "zh", "en"),
    [
        ("POST", "manual", {}, "target:缺少此项", "target: Field required"),
        ("POST", "manual", ORDER | {"mine": "SECRET"}, "mine:未知的项", "mine: Extra inputs"),
        ("POST", "manual", ORDER | {"power_w": False}, "power_w:应为数字", "power_w: Input should be a valid number"),
        ("POST", "manual", ORDER | {"power_w": "SECRET"}, "power_w:应为数字", "power_w: Input"),
        ("POST", "manual", ORDER | {"duration_s": 0.5}, "duration_s:不应小于 1", "greater than or equal to 1"),
        ("POST", "manual", ORDER | {"duration_s": 1e9}, "duration_s:不应大于 86400", "less than or equal"),
        ("POST", "manual", ORDER | {"by": ""}, "by:不应少于 1 个字符", "at least 1 character"),
        ("POST", "manual", ORDER | {"target": "x" * 65}, "target:不应多于 64 个字符", "at most 64 characters"),
        ("POST", "manual", ORDER | {"target": "\ud800"}, "target:应为 UTF-8 文本", "target:"),
        ("POST", "login", {"user": "\ud800", "password": "x"}, "user:应为 UTF-8 文本", "user:"),
        ("POST", "login", {"user": "x", "password": "\udfff"}, "password:应为 UTF-8 文本", "password:"),
        ("POST", "locks", {"target": "b1", "reason": "\ud800"}, "reason:应为 UTF-8 文本", "reason:"),
        ("POST", "manual", ["SECRET"], "body:应为一个对象", "body:"),
        ("POST", "users", {"name": "a", "role": "SECRET", "password": "x"}, "role:应为 'viewer'", "role:"),
        ("PATCH", "users/a", {"enabled": 1}, "enabled:应为 true 或 false", "enabled:"),
        ("DELETE", "tokens/0", None, "token_id:不应小于 1", "token_id:"),
        ("DELETE", "tokens/one", None, "token_id:应为整数", "token_id:"),
        ("GET", "alarms?start=1700000000", None, "start:应写作 2026", "start: write it like"),
        ("GET", "alarms?start=1800-01-01", None, "start:应在 1990-01-01 与 2200-01-01 之间", "between 1990-01-01 and"),
        ("GET", "alarms?start=2026-13-01", None, "start:应写作", "start:"),
        ("GET", "tariff?date=2026-02-30", None, "date:应写作", "date:"),
        ("GET", "alarms?limit=many", None, "limit:应为整数", "limit:"),
    ],
)
def test_what_does_not_fit_is_told_in_both_languages_and_not_echoed(boss, method, path, body, zh, en):
    kinds = {"headers": {"Content-Type": "application/json"}} if body is not None else {}
    answer = boss.request(method, f"/api/{path}", content=None if body is None else json.dumps(body), **kinds)
    assert answer.status_code == 422
    assert zh in answer.json()["detail"]["zh"]
    assert en in answer.json()["detail"]["en"]
    assert "SECRET" not in answer.text


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"", b"null", b"NaN"])
def test_what_is_no_json_is_told(boss, content):
    answer = boss.post("/api/manual", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    detail = answer.json()["detail"]
    assert detail["zh"] != detail["en"]


def test_every_sentence_can_be_made():
    """The fields of a sentence are those that pydantic gives with that error."""
    fields = dict.fromkeys(("min_length", "max_length", "gt", "ge", "lt", "le", "expected", "first", "last"), 1)
    assert all(sentence.format_map(fields) for sentence in _CHINESE.values())

"""A quarter of an hour in one file, a whole site in one file: made by a site that runs, and by one that does not."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.devices.frame_log import FrameLog
from leyden.model.role import Role
from leyden.model.toml_file import TomlFile
from leyden.runtime.alone import AlreadyRunsError, alone, runs
from leyden.runtime.backup import left_record, restore, write_backup
from leyden.runtime.bundle import BundleError, opened, packing
from leyden.runtime.config import data_folder, load_config
from leyden.runtime.doctor import write_bundle
from leyden.runtime.evidence import live_evidence, raw_frames
from leyden.runtime.health import examine
from leyden.runtime.http import AnswerError
from leyden.runtime.night import Night, night
from leyden.runtime.replay_bundle import case
from leyden.runtime.site_files import public, toml_text
from leyden.web.app import create_app
from tests.whole.inside import Inside, configured, inside

START = "2026-09-20T11:30"
SECRET = "oapi-token-0123456789abcdef"
RUN_S = 70.0
NOTIFY = f"""
[notify]
webhook.ops = {{ url = {{ secret = "hook" }} }}
# the password of the old router is {SECRET}
"""


@dataclass
class Case:
    """A site that has run for a while, with somebody watching over it."""

    site: Inside
    watching: Night
    client: TestClient
    folder: Path
    tokens: dict[Role, str]

    def get(self, path: str, role: Role | None = Role.ADMINISTRATOR):
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        return self.client.get(path, headers=headers)


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("site")
    secrets = folder / "secrets.toml"
    secrets.write_text(f'hook = "http://127.0.0.1:9/?access_token={SECRET}"\n')
    secrets.chmod(0o600)
    (folder / "maps").mkdir()
    (folder / "maps/mine.toml").write_text("# a map of one's own, not in use\n")
    config = configured(folder, text=lambda text: text + NOTIFY)
    with inside(config, START) as site:
        frames = FrameLog(site.clock.elapsed_s)
        with night(config, site.station, frames) as watching:
            trace = frames.tracer({1: "gate"})
            site.run(20.0)
            site.station.command("b1", 4e5, 20.0, "ann")
            trace(True, bytes.fromhex("000100000006010300000002"))
            fault = site.twin.faults.put("nan", "gate.power_w")
            site.run(20.0)
            site.twin.faults.take(fault.id)
            site.run(RUN_S - 40.0)
            now = site.clock.now()
            tokens = {role: site.stores.ledger.tokens.create(role, role, now) for role in Role}
            with TestClient(create_app(config, site.station, watching=watching)) as client:
                yield Case(site, watching, client, folder, tokens)


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "en")
    app, runner = make_app(), CliRunner()
    return lambda *words: runner.invoke(app, [*map(str, words)])


def saved(content: bytes, path: Path) -> Path:
    path.write_bytes(content)
    return path


# The doctor.


def test_a_bundle_of_a_running_site_is_decided_again(ran, run, tmp_path):
    moment = ran.site.clock.now() - timedelta(seconds=30)
    answer = ran.get(f"/api/doctor?around={moment:%Y-%m-%dT%H:%M:%S}Z", Role.ENGINEER)
    assert answer.status_code == 200
    bundle = saved(answer.content, tmp_path / "b.zip")
    told = run("replay", bundle, "--quiet")
    assert (told.exit_code, f"{RUN_S:.0f} decisions of park" in told.output) == (0, True), told.output
    assert "0 differ" in told.output
    # Nothing is left of it where it was made.
    assert not list(ran.watching.folder.glob(".sending*"))


def test_a_bundle_holds_what_happened_and_who_did_what(ran, tmp_path):
    bundle = saved(ran.get("/api/doctor").content, tmp_path / "b.zip")
    with opened(bundle, "doctor") as found:
        assert found.page["missing"] == []
        read = {name: found.read(name) for name in found.names}
    rows = pq.read_table(io.BytesIO(read["history.parquet"]))
    assert set(rows["point"].to_pylist()) == set(ran.site.station.flattener.names)
    assert len(rows) == RUN_S * len(ran.site.station.flattener.names)
    assert len(read["decisions.jsonl"].splitlines()) == RUN_S
    assert [action["what"] for action in json.loads(read["actions.json"])][-1] == "lease-granted"
    assert "meter-lost:gate" in {alarm["key"] for alarm in json.loads(read["alarms.json"])}
    assert b",gate,sent,000100000006010300000002" in read["frames.csv"]
    assert b"alarm raised" in read["log.txt"]
    assert json.loads(read["state.json"])["mode"]["mark"] == "SIMULATED"
    assert json.loads(read["plan.json"])
    assert {"site/site.toml", "site/maps/sunspec-pcs.toml", "site/maps/mine.toml"} <= read.keys()
    assert {"site/cells/lfp-280ah.toml", "site/tariffs/cn-guangdong-2021.toml"} <= read.keys()


def test_no_bundle_holds_a_secret_or_a_comment(ran, tmp_path):
    content = ran.get("/api/doctor").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            assert SECRET.encode() not in archive.read(name), name
        assert b"[notify" not in archive.read("site/site.toml")
    assert SECRET not in (ran.watching.folder / "leyden.log").read_text()


def test_who_may_not_gets_nothing(ran):
    for path, least in (("/api/doctor", Role.ENGINEER), ("/api/backup", Role.ADMINISTRATOR)):
        assert ran.get(path, None).status_code == 401
        below = list(Role)[: list(Role).index(least)]
        assert below
        for role in below:
            assert ran.get(path, role).status_code == 403


@pytest.mark.parametrize("around", ["yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_that_makes_no_sense_is_refused_or_empty_and_no_crash(ran, around):
    assert ran.get(f"/api/doctor?around={around}").status_code in (200, 422)


def test_what_cannot_be_had_is_named_and_the_rest_is_there(ran, tmp_path, monkeypatch):
    def broken(*args, **kinds):
        raise OSError("the disk is gone")

    monkeypatch.setattr(ran.site.station.record, "decisions", broken)
    moment = ran.site.clock.now()
    evidence = live_evidence(
        ran.site.config, ran.site.station, ran.watching, moment, raw_frames(None, ran.site.clock, moment)
    )
    missing = write_bundle(evidence, moment, tmp_path / "b.zip")
    assert missing == ["decisions: the disk is gone"]
    with case(tmp_path / "b.zip") as found:
        assert len(list(found.decisions())) == RUN_S


def test_a_bundle_of_another_limit_decides_otherwise_and_says_what(ran, run, tmp_path):
    """As after a mend: the same inputs, another rule."""
    good = saved(ran.get("/api/doctor").content, tmp_path / "good.zip")
    with opened(good, "doctor") as found, packing(tmp_path / "bad.zip", "doctor", about(found.page)) as made:
        for name in found.names:
            content = found.read(name)
            if name == "site/site.toml":
                content = content.replace(b'power = "1.5 MW"', b'power = "0.3 MW"')
            made.add(name, content)
    told = run("replay", tmp_path / "bad.zip")
    assert told.exit_code == 1
    assert "b1 " in told.output
    assert "kW -> " in told.output
    document = json.loads(run("replay", tmp_path / "bad.zip", "--json").output)
    assert document["decisions"] == RUN_S
    assert 0 < len(document["different"]) <= RUN_S
    assert document["different"][0]["recorded"]["number"] == document["different"][0]["number"]


def about(page):
    return {key: value for key, value in page.items() if key not in ("members", "format", "kind", "leyden")}


def test_a_file_that_is_no_bundle_is_told_so(run, ran, tmp_path):
    no_zip = saved(b"not a zip", tmp_path / "a.zip")
    backup = saved(ran.get("/api/backup").content, tmp_path / "backup.zip")
    cut = saved(backup.read_bytes()[:-500], tmp_path / "cut.zip")
    for path, words in (
        (no_zip, "no zip file"),
        (backup, "no doctor"),
        (cut, "no zip file"),
        (tmp_path / "none", "none"),
    ):
        told = run("replay", path)
        assert (told.exit_code, words in told.output) == (2, True), told.output


def test_one_that_does_not_run_is_looked_into_without_being_changed(run, tmp_path):
    config = configured(tmp_path)
    with inside(config, START) as site, night(config, site.station):
        site.run(30.0)
        moment = site.clock.now()
    before = {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "data").rglob("*"))}
    target = tmp_path / "night.zip"
    local = moment.astimezone(config.site.zone)
    told = run("doctor", config.path, "--around", f"{local:%Y-%m-%d %H:%M:%S}", "-o", target)
    assert told.exit_code == 0, told.output
    assert run("replay", target, "-q").exit_code == 0
    with opened(target, "doctor") as found:
        assert {"history.parquet", "decisions.jsonl", "alarms.json"} <= set(found.names)
        assert len(found.read("decisions.jsonl").splitlines()) == 30
    after = {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "data").rglob("*"))}
    assert {path for path in before if before[path] != after.get(path)} <= {tmp_path / "data/park-simulated"}


# Health.


def test_a_machine_is_examined_and_what_is_wrong_has_a_mend(run, tmp_path):
    text = """
    [site]
    id = "home"
    name = "home"
    timezone = "Asia/Shanghai"
    currency = "CNY"
    [device.gate]
    map = "sunspec-meter"
    at = "tcp://127.0.0.1:1/1"
    [grid]
    device = "gate"
    import_limit = "10 kW"
    [notify]
    webhook.ops = { url = { secret = "hook" } }
    """
    path = saved(text.encode(), tmp_path / "home.toml")
    told = run("doctor", path, "--json")
    assert told.exit_code == 1
    found = {finding["what"]["en"]: finding for finding in json.loads(told.output)}
    assert found["device gate"]["verdict"] == found["notifications"]["verdict"] == "bad"
    assert "secrets.toml" in found["notifications"]["mend"]["en"]
    for finding in found.values():
        assert (finding["verdict"] == "ok") == (finding["mend"] is None)
        assert finding["text"]["zh"]
    plain = run("doctor", path)
    assert plain.exit_code == 1
    assert "device gate" in plain.output


def test_damage_is_found_and_nothing_is_opened_for_writing(tmp_path):
    config = configured(tmp_path)
    folder = data_folder(config, simulated=True)
    (folder / "readings").mkdir(parents=True)
    (folder / "readings/2026-01-01.parquet").write_bytes(b"PAR1 and no more")
    (folder / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + bytes(4000))
    (folder / "record-damaged-1.duckdb").write_bytes(b"x")
    found = {finding.what.en: finding for finding in examine(config, nobody)}
    assert (found["ledger"].verdict, found["record"].verdict) == ("bad", "bad")
    assert found["record"].mend is not None
    assert "2026-01-01" in found["record"].mend.en


def nobody(path: str):
    raise AnswerError(0, AlreadyRunsError("1", Path()).words)


def test_a_site_that_runs_but_does_not_answer_is_bad(tmp_path):
    config = configured(tmp_path)
    folder = data_folder(config, simulated=True)
    assert not runs(folder)
    with alone(folder):
        assert runs(folder)
        with pytest.raises(AlreadyRunsError), alone(folder):
            pass
        found = {finding.what.en: finding for finding in examine(config, nobody)}
        assert found["devices"].verdict == "bad"
    assert not runs(folder)


# Backup and restore.


def history(site: Inside):
    """Everything that a site remembers, as far as it can be compared."""
    record, ledger = site.stores.record, site.stores.ledger
    assert record.flush()
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    frame = record.cells_at("b1", site.clock.now())
    assert frame is not None
    curves = record.query(["grid.power_w", "b1.soc"], start, end, 10)
    return {
        "decisions": [(row.number, row.body) for row in record.decisions(start, end, 20_000)],
        "cells": frame.voltage_mv.tobytes(),
        "curves": [series.mean.tobytes() for series in curves.series.values()],
        "alarms": ledger.alarms.between(start, end),
        "actions": [a for a in ledger.actions.between(start, end) if a.what != "backup-made"],
        "tokens": ledger.tokens.all(),
        "last": record.last_t(),
    }


def test_a_backup_of_a_running_site_starts_elsewhere_with_the_same_past(ran, run, tmp_path):
    before, now = history(ran.site), ran.site.clock.now()
    backup = saved(ran.get("/api/backup").content, tmp_path / "backup.zip")
    told = run("restore", backup, "--into", tmp_path / "else/where")
    assert told.exit_code == 0, told.output
    config = load_config(tmp_path / "else/where/park.toml")
    assert config.path.read_text() == ran.site.config.path.read_text()
    assert (tmp_path / "else/where/maps/mine.toml").exists()
    with inside(config, now + timedelta(seconds=5)) as there:
        assert history(there) == before
        there.run(5.0)
        assert there.moment.decision.number > 0
        assert there.stores.ledger.tokens.check(ran.tokens[Role.VIEWER], now) is not None
    # Who made it is in the log of the site that was copied.
    (made,) = [
        a
        for a in ran.site.stores.ledger.actions.between(now - timedelta(1), now + timedelta(1))
        if a.what == "backup-made"
    ][:1]
    assert Role.ADMINISTRATOR in made.by


def test_secrets_come_along_only_if_they_are_asked_for(ran, tmp_path):
    content = ran.get("/api/backup").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any("secret" in name for name in archive.namelist())
    backup = saved(ran.get("/api/backup?secrets=true").content, tmp_path / "b.zip")
    found = restore(backup, tmp_path / "new")
    assert found.secrets
    kept = tmp_path / "new/secrets.toml"
    assert (SECRET in kept.read_text(), oct(kept.stat().st_mode & 0o777)) == (True, "0o600")


def test_restore_overwrites_nothing_and_leaves_nothing_half_done(ran, run, tmp_path):
    backup = saved(ran.get("/api/backup").content, tmp_path / "b.zip")
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine").write_text("keep me")
    told = run("restore", backup, "--into", there)
    assert (told.exit_code, "not empty" in told.output) == (2, True)
    # Every way to damage one member of it.
    for name in ("data/record.duckdb", "data/ledger.sqlite", "site/park.toml"):
        damaged = tmp_path / "damaged.zip"
        with opened(backup, "backup") as found, packing(damaged, "backup", about(found.page)) as made:
            for member in found.names:
                made.add(member, found.read(member))
            made.members[name]["sha256"] = "0" * 64
        assert "checksum" in run("restore", damaged, "--into", tmp_path / "new").output
        damaged.unlink()
    # And one that wants to be elsewhere.
    with packing(
        tmp_path / "evil.zip", "backup", {"site": "park", "simulated": True, "site_file": "park.toml"}
    ) as made:
        made.add("../evil.toml", b"")
    assert "forbidden" in run("restore", tmp_path / "evil.zip", "--into", tmp_path / "new").output
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"b.zip", "there", "evil.zip"}
    assert (there / "mine").read_text() == "keep me"


def test_one_that_does_not_run_is_backed_up_from_its_files(run, tmp_path):
    elsewhere = tmp_path / "var"
    config = configured(tmp_path, text=lambda text: text + f'\n[history]\nfolder = "{elsewhere}"\n')
    with inside(config, START) as site:
        site.run(30.0)
        before = history(site)
        now = site.clock.now()
    backup = tmp_path / "b.zip"
    told = run("backup", config.path, "-o", backup)
    assert told.exit_code == 0, told.output
    assert oct(backup.stat().st_mode & 0o777) == "0o600"
    # Its data are not beside the site file, and there they are still.
    assert "not empty" in run("restore", backup, "--into", tmp_path / "new").output
    (elsewhere / "park-simulated").rename(tmp_path / "old")
    assert run("restore", backup, "--into", tmp_path / "new").exit_code == 0
    with inside(load_config(tmp_path / "new/park.toml"), now + timedelta(seconds=5)) as there:
        assert data_folder(there.config, True) == elsewhere / "park-simulated"
        assert history(there) == before


def test_nobody_starts_a_site_while_its_files_are_copied(run, tmp_path):
    config = configured(tmp_path)
    with inside(config, START) as site:
        site.run(5.0)
    with alone(data_folder(config, True)), left_record(config) as record:
        write_backup(config, record, tmp_path / "b.zip")
        told = run("up", config.path)
        assert (told.exit_code, "runs this site already" in told.output) == (1, True)


def test_restore_needs_a_backup(run, ran, tmp_path):
    with pytest.raises(BundleError, match="no backup"):
        restore(saved(ran.get("/api/doctor").content, tmp_path / "b.zip"), tmp_path / "new")


# The site file without what is nobody's business.


def test_a_site_file_as_data_says_the_same(ran):
    data = TomlFile.parse(ran.site.config.path.read_bytes(), "park.toml").data
    again = TomlFile.parse(toml_text(data), "park.toml").data
    assert again == data
    shown = public({**data, "x": {"password": "p", "at": "mqtt://u:p@h", "n": [1, {"token": "t"}]}})
    assert shown["x"] == {"password": "***", "at": "***", "n": [1, {"token": "***"}]}
    assert "notify" not in shown

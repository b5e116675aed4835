"""[web] as it is checked: certificates that do not fit, keys that others may read, doors that stand open."""

from pathlib import Path

import pytest
import trustme

from leyden.model.problem import SiteFileError
from leyden.runtime.config import load_config
from leyden.runtime.web_options import WebOptions

PARK = (Path(__file__).parents[2] / "sites/park.toml").read_text("utf-8")
WEB = PARK[PARK.index("[web]") : PARK.index("# Only where a twin")]
TLS = 'tls = { cert = "room.crt", key = "room.key" }'


@pytest.fixture
def site(tmp_path):
    """The park with another [web], beside a certificate and its key; what comes of it."""
    issued = trustme.CA().issue_cert("park.example")
    (tmp_path / "room.crt").write_bytes(issued.cert_chain_pems[0].bytes())
    (tmp_path / "room.key").write_bytes(issued.private_key_pem.bytes())
    (tmp_path / "room.key").chmod(0o600)

    def load(*lines):
        file = tmp_path / "park.toml"
        file.write_text(PARK.replace(WEB, "\n".join(["[web]", *lines, ""])), "utf-8")
        return load_config(file)

    return load


def problems(site, *lines):
    with pytest.raises(SiteFileError) as refused:
        site(*lines)
    return [(problem.key, problem.text("en")) for problem in refused.value.problems if not problem.warning]


def test_this_computer_alone_needs_nothing(site):
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert not [w for w in site(f'host = "{host}"', 'read = "open"').warnings if w.key.startswith("[web]")], host


def test_the_world_in_clear_is_refused_with_the_mend(site):
    found = problems(site, 'host = "0.0.0.0"')
    assert [key for key, _ in found] == ["[web] host"]
    assert "cross the network in clear" in found[0][1]
    assert "insecure = true" in found[0][1]
    assert 'tls = { cert = "...", key = "..." }' in found[0][1]


def test_the_world_may_not_look_unless_said(site):
    found = problems(site, 'host = "room.example"', TLS, 'read = "open"')
    assert [key for key, _ in found] == ["[web] read"]
    assert 'read = "token"' in found[0][1]


def test_with_tls_and_tokens_the_world_may_come(site):
    web = site('host = "0.0.0.0"', TLS).web
    assert (web.tls.cert, web.tls.key) == (Path("room.crt"), Path("room.key"))
    assert web.address == "https://0.0.0.0:8420"


def test_who_says_insecure_is_warned_and_let_through(site):
    config = site('host = "0.0.0.0"', 'read = "open"', "insecure = true")
    assert [w.key for w in config.warnings if w.key.startswith("[web]")] == ["[web] host", "[web] read"]


def test_files_that_are_not_there_are_named(site):
    found = problems(site, 'tls = { cert = "no.crt", key = "no.key" }')
    assert [key for key, _ in found] == ["[web] tls.cert", "[web] tls.key"]
    assert all("No such file" in text and "PEM" in text for _, text in found)


@pytest.mark.parametrize("mode", [0o644, 0o602, 0o601])
def test_a_key_that_others_may_use_is_refused_with_the_command_that_mends_it(site, tmp_path, mode):
    (tmp_path / "room.key").chmod(mode)
    [(key, text)] = problems(site, TLS)
    assert key == "[web] tls.key"
    assert f"chmod 600 {tmp_path / 'room.key'}" in text


def test_a_key_that_a_group_may_read_is_its_owners_choice(site, tmp_path):
    (tmp_path / "room.key").chmod(0o640)
    site(TLS)


def test_a_key_of_another_certificate_is_told_before_anybody_connects(site, tmp_path):
    (tmp_path / "room.key").write_bytes(trustme.CA().issue_cert("other").private_key_pem.bytes())
    [(key, text)] = problems(site, TLS)
    assert key == "[web] tls"
    assert "the key that belongs to it" in text


def test_a_key_with_a_password_is_told_and_asks_nobody(site, tmp_path):
    from cryptography.hazmat.primitives import serialization as how

    plain = how.load_pem_private_key((tmp_path / "room.key").read_bytes(), None)
    locked = plain.private_bytes(how.Encoding.PEM, how.PrivateFormat.PKCS8, how.BestAvailableEncryption(b"secret"))
    (tmp_path / "room.key").write_bytes(locked)
    [(key, text)] = problems(site, TLS)
    assert key == "[web] tls"
    assert "has a password" in text


def test_what_is_no_certificate_is_told(site, tmp_path):
    (tmp_path / "room.crt").write_text("not a certificate")
    assert [key for key, _ in problems(site, TLS)] == ["[web] tls"]


def test_sessions_last_a_shift_unless_said(site):
    assert (WebOptions().session_s, WebOptions().session_idle_s) == (12 * 3600.0, 3600.0)
    web = site('session = "8 h"', 'session_idle = "15 min"').web
    assert (web.session_s, web.session_idle_s) == (8 * 3600.0, 900.0)
    assert [key for key, _ in problems(site, 'session = "1 s"')] == ["[web] session"]

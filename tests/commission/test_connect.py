"""Who stands in the way of a commissioning: a site that commands, or one that cannot be asked."""

import fcntl
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from leyden.commission.connect import quick, who_commands
from leyden.runtime.config import data_folder
from tests.commission.parks import yard
from tests.whole.park import free_ports


@contextmanager
def answering(status, body):
    """A site's API, as far as it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def nobody():
    return f"http://127.0.0.1:{free_ports(1)[0]}"


@contextmanager
def holding(config):
    """As a running site holds its record."""
    folder = data_folder(config, simulated=True)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "record.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711")
        file.flush()
        yield


@pytest.mark.parametrize(
    ("mark", "told"), [("LIVE", "disarm"), ("SIMULATED", "leyden demo"), ("SHADOW", None), ("", "disarm")]
)
def test_only_a_site_in_shadow_may_go_on(tmp_path, mark, told):
    with answering(200, {"id": "yard", "mark": mark}) as url:
        found = who_commands(yard(tmp_path), url)
    assert (found is None) == (told is None)
    if found is not None:
        assert told in found.en
        assert url in found.zh


def test_nobody_runs_it(tmp_path):
    assert who_commands(yard(tmp_path), nobody()) is None


def test_a_site_that_cannot_be_asked_is_taken_to_command(tmp_path):
    config = yard(tmp_path)
    with answering(401, {"detail": {"zh": "需要令牌", "en": "a token is needed"}}) as url:
        found = who_commands(config, url)
        assert found is not None
        assert "a token is needed" in found.en
    with holding(config):
        found = who_commands(config, nobody())
        assert found is not None
        assert "4711" in found.en
    assert who_commands(config, nobody()) is None


def test_another_site_at_that_address_is_none_of_ours(tmp_path):
    config = yard(tmp_path)
    with answering(200, {"id": "elsewhere", "mark": "LIVE"}) as url:
        assert who_commands(config, url) is None
        with holding(config):
            assert who_commands(config, url) is not None


def test_devices_are_asked_as_often_as_times_are_measured(tmp_path):
    site = yard(tmp_path).site
    assert {device.poll_s for device in quick(site).devices} == {0.1}
    assert {device.poll_s for device in site.devices} == {1.0}

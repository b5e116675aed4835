"""Who is told of alarms, and by which way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from leyden.control.time_windows import Window
from leyden.model.quantity import Quantity
from leyden.model.secret import Secret

Form = Literal["json", "dingtalk", "wecom", "feishu", "slack"]
_EVERY = Quantity("s", low=5.0, high=86400.0)


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """[notify.webhook.NAME]: an address that is sent a POST."""

    url: Secret
    """`{ env = "NAME" }`, `{ secret = "name" }` of secrets.toml, or plain text where it opens nothing."""
    form: Form = "json"
    """What is sent: everything as JSON, or a text as the robots of these services take it."""
    token: Secret | None = None
    """Sent as `Authorization: Bearer`."""
    alarms: bool = True
    """Whether it is told of alarms; false for one that only wants the heartbeat."""
    heartbeat_s: Annotated[float | None, _EVERY] = None
    """How often it is told that the site's cycle turns; when that stays away, the site is dead. Only as `json`."""

    def __post_init__(self) -> None:
        if self.heartbeat_s is not None and self.form != "json":
            raise ValueError("a heartbeat is JSON: people do not want it in their chat (心跳仅支持 json)")
        _no_text("token", self.token)


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """[notify.mqtt.NAME]: a broker. `TOPIC/status` is `online` or, as its last will, `offline`, retained."""

    at: str
    """`mqtt://broker:1883`, or `mqtts://broker:8883` for TLS."""
    topic: str = ""
    """What topics begin with; `leyden/SITE` unless said. Alarms go to `TOPIC/alarms`."""
    user: Secret | None = None
    """Who it logs in as, where the broker wants to know."""
    password: Secret | None = None
    """`{ env = "NAME" }` or `{ secret = "name" }`."""
    ca: Path | None = None
    """The authority that signed the broker's certificate, where the system does not know it."""
    alarms: bool = True
    """Whether it is told of alarms."""
    heartbeat_s: Annotated[float | None, _EVERY] = None
    """How often `TOPIC/heartbeat` tells that the site's cycle turns."""

    def __post_init__(self) -> None:
        self.place()
        _no_text("password", self.password)
        if set("+#") & set(self.topic):
            raise ValueError("a topic that is written to has no + and no # (主题不得含 + 或 #)")

    def place(self) -> tuple[bool, str, int]:
        """Whether by TLS, host, port. Raises ValueError with the mend."""
        scheme, _, rest = self.at.partition("://")
        host, _, port = rest.rpartition(":") if ":" in rest.rpartition("]")[2] else (rest, "", "")
        if scheme not in ("mqtt", "mqtts") or not host or not (port or "1").isdigit() or "@" in rest or "/" in rest:
            raise ValueError('at: expected "mqtt://broker:1883" or "mqtts://broker:8883" (应写作 mqtt://主机:端口)')
        return scheme == "mqtts", host.strip("[]"), int(port or (8883 if scheme == "mqtts" else 1883))


def _no_text(key: str, secret: Secret | None) -> None:
    if secret is not None and secret.text:
        raise ValueError(f'a {key} is no text here: write {{ secret = "name" }} ({key} 不得写入站点文件)')


@dataclass(frozen=True, slots=True)
class NotifyOptions:
    """The [notify] table of site.toml: alarms of priority 1 and 2, one message for each cause and one at its end."""

    webhook: Mapping[str, WebhookOptions] = field(default_factory=dict)
    """Addresses that are sent a POST, by a name of your own."""
    mqtt: Mapping[str, MqttOptions] = field(default_factory=dict)
    """Brokers, by a name of your own; needs the extra `mqtt`: pip install 'leyden[mqtt]'."""
    priority: Annotated[int, Quantity("", low=1, high=2)] = 2
    """The least urgent priority that is told."""
    quiet: Window | None = None
    """`"22:00-06:00"`, by the site's wall clock: only priority 1 is told then, the rest afterwards."""
    link: str = ""
    """Where people find the control room; stands in every message."""

    def __post_init__(self) -> None:
        if both := self.webhook.keys() & self.mqtt.keys():
            raise ValueError(f"two channels are called {min(both)}: give one another name (通道名称重复)")

"""Is this machine fit to run this site? Each thing that was looked at, what was found, and the mend."""

import ctypes
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from leyden import __version__
from leyden.history import HistoryError
from leyden.history.ledger.copy import what_is_wrong
from leyden.model.address import Address
from leyden.model.secret import Secret
from leyden.model.words import Words
from leyden.runtime.alone import runs
from leyden.runtime.broker import MISSING as NO_MQTT
from leyden.runtime.broker import installed
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.http import AnswerError
from leyden.runtime.secret_store import SecretError, SecretStore

Verdict = Literal["ok", "warning", "bad"]
Ask = Callable[[str], Any]
"""The answer of the running site to a path of its API. Raises AnswerError."""
_GB = 1e9
_LITTLE_B, _VERY_LITTLE_B = 5 * _GB, 0.5 * _GB
_CONNECT_S = 2.0
_FLEETING = frozenset({"tmpfs", "ramfs"})
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: Words
    verdict: Verdict
    text: Words
    mend: Words | None = None


def examine(config: SiteConfig, ask: Ask) -> Iterator[Finding]:
    """Everything about a site and its machine; `ask` reaches the site where it runs."""
    folder = data_folder(config, config.twin is not None)
    running = runs(folder)
    yield _versions()
    yield _site_file(config)
    yield _disk(folder)
    yield _place(folder, config)
    yield _clock()
    yield _zone(config)
    yield from _stores(folder)
    yield from _port(config, running)
    yield from _devices_of_running(ask) if running else _devices(config)
    yield from _telling(config)


def _versions() -> Finding:
    values = {"leyden": __version__, "python": sys.version.split()[0]}
    return Finding(
        Words("版本", "versions"),
        "ok",
        Words("Leyden {leyden},Python {python}", "Leyden {leyden}, Python {python}").fill(values),
    )


def _site_file(config: SiteConfig) -> Finding:
    what = Words("站点文件", "site file")
    if not config.warnings:
        return Finding(what, "ok", Words(str(config.path), str(config.path)))
    first, count = config.warnings[0], len(config.warnings)
    text = Words(f"{count} 条提示,第一条:{first.text('zh')}", f"{count} warnings, the first: {first.text('en')}")
    return Finding(what, "ok", text)


def _disk(folder: Path) -> Finding:
    what = Words("磁盘空间", "disk space")
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free_b = shutil.disk_usage(there).free
    gb = f"{free_b / _GB:.1f} GB"
    text = Words(f"{there} 剩余 {gb}", f"{gb} free at {there}")
    if free_b > _LITTLE_B:
        return Finding(what, "ok", text)
    mend = Words("腾出空间;站点每年约需数 GB", "make room: a site fills a few GB a year")
    return Finding(what, "warning" if free_b > _VERY_LITTLE_B else "bad", text, mend)


def _place(folder: Path, config: SiteConfig) -> Finding:
    what = Words("数据文件夹", "data folder")
    there = next(path for path in (folder, *folder.parents) if path.exists())
    text = Words(str(folder), str(folder))
    if not os.access(there, os.W_OK):
        mend = Words(
            f"当前用户无法写入 {there}:chown 或更换 [history] folder",
            f"this user may not write to {there}: chown it, or name another [history] folder",
        )
        return Finding(what, "bad", text, mend)
    kind = _file_system(there)
    if kind in _FLEETING and config.twin is None:
        return Finding(
            what,
            "bad",
            text,
            Words(
                f"位于内存盘({kind}),重启即失:换到磁盘上",
                f"it is in memory ({kind}) and gone at the next start: put it on a disk",
            ),
        )
    if kind in _REMOTE:
        return Finding(
            what,
            "warning",
            text,
            Words(
                f"位于网络盘({kind}),断网或锁失效会损坏数据:换到本地盘",
                f"it is on a network ({kind}), whose locks cannot be relied on: put it on a local disk",
            ),
        )
    return Finding(what, "ok", text)


def _file_system(path: Path) -> str:
    """The kind of file system that holds a path, from /proc/mounts; empty where there is none."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    real = path.resolve()
    holding = [(len(parts[1]), parts[2]) for parts in mounts if real.is_relative_to(parts[1].replace("\\040", " "))]
    return max(holding, default=(0, ""))[1]


_UNSYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2)."""


def _clock() -> Finding:
    what = Words("时钟", "clock")
    now = datetime.now(UTC)
    text = Words(f"{now:%Y-%m-%d %H:%M:%S} UTC", f"{now:%Y-%m-%d %H:%M:%S} UTC")
    if not 2024 <= now.year < 2100:
        return Finding(
            what, "bad", text, Words("系统时间错误:校时后再启动", "the time is wrong: set it before the site starts")
        )
    if _time_state() == _UNSYNCHRONISED:
        mend = Words(
            "未与 NTP 同步:启用 systemd-timesyncd 或 chrony", "not synchronised: enable systemd-timesyncd or chrony"
        )
        return Finding(what, "warning", text, mend)
    return Finding(what, "ok", text)


def _time_state() -> int | None:
    """What the kernel says of its clock; None where there is no such kernel."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is None:
        return None
    # `modes` is the first field and 0: nothing is changed. The structure is 208 bytes on 64-bit systems.
    return int(adjtimex(ctypes.create_string_buffer(512)))


def _zone(config: SiteConfig) -> Finding:
    site = config.site
    local = datetime.now(site.zone)
    text = f"{site.timezone}: {local:%Y-%m-%d %H:%M %z}"
    return Finding(Words("时区", "time zone"), "ok", Words(text, text))


def _stores(folder: Path) -> Iterator[Finding]:
    """The ledger by SQLite's own check, the closed days of the record by their footers."""
    what, ledger = Words("台账", "ledger"), folder / "ledger.sqlite"
    if not ledger.exists():
        yield Finding(what, "ok", Words("尚未建立", "none yet"))
    else:
        try:
            wrong = what_is_wrong(ledger)
        except HistoryError as error:
            wrong = str(error)
        mend = Words("从备份恢复:leyden restore", "restore a backup: leyden restore")
        told = Words(wrong or "完好", wrong or "sound")
        yield Finding(what, "bad" if wrong else "ok", told, mend if wrong else None)
    what, files = Words("历史数据", "record"), sorted(folder.glob("*/*.parquet"))
    broken = [path for path in files if not _readable(path)]
    text = Words(f"{len(files)} 个已归档文件", f"{len(files)} closed files")
    if broken:
        names = ", ".join(path.relative_to(folder).as_posix() for path in broken[:3])
        mend = Words(f"损坏:{names};移走,或从备份恢复", f"damaged: {names}; move them away, or restore a backup")
        yield Finding(what, "bad", text, mend)
        return
    set_aside = sorted(folder.glob("record-damaged-*"))
    if set_aside:
        mend = Words(
            f"曾损坏并重建:{set_aside[-1].name}",
            f"it was damaged once and begun anew: {set_aside[-1].name}; keep it or delete it",
        )
        yield Finding(what, "warning", text, mend)
        return
    yield Finding(what, "ok", text)


def _readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _port(config: SiteConfig, running: bool) -> Iterator[Finding]:
    what, address = Words("监控页面", "control room"), config.web.address
    if running:
        yield Finding(what, "ok", Words(f"{address},站点运行中", f"{address}, the site runs"))
        return
    try:
        family = socket.AF_INET6 if ":" in config.web.host else socket.AF_INET
        with socket.create_server((config.web.host, config.web.port), family=family):
            pass
    except OSError as error:
        mend = Words(
            f"端口被占用或不可用({error.strerror}):更换 [web] port",
            f"it cannot be had ({error.strerror}): another program has it; name another [web] port",
        )
        yield Finding(what, "bad", Words(address, address), mend)
        return
    yield Finding(what, "ok", Words(f"{address},空闲", f"{address}, free; the site does not run"))


def _devices_of_running(ask: Ask) -> Iterator[Finding]:
    try:
        devices: Mapping[str, Any] = ask("/api/snapshot")["devices"]
    except AnswerError as error:
        mend = Words(
            "站点在运行但 API 无应答:查看日志",
            "the site runs, but does not answer: see its log; give --token where reading needs one",
        )
        yield Finding(Words("设备", "devices"), "bad", error.words, mend)
        return
    for name, link in devices.items():
        told = link["error"] or {"zh": "在线", "en": "online"}
        online = link["state"] == "online"
        yield _device(name, None if online else Words(told["zh"], told["en"]), Words("在线", "online"))


def _devices(config: SiteConfig) -> Iterator[Finding]:
    """Whether something takes a connection where each device should be; nothing is asked of it."""
    if config.twin is not None:
        yield Finding(Words("设备", "devices"), "ok", Words("由孪生代替", "a twin stands in for them"))
        return
    places = {device.name: Address.from_text(device.at).place for device in config.site.devices}
    with ThreadPoolExecutor(max_workers=16) as pool:
        found = pool.map(_connection, places.values())
    for (name, (host, port, _)), error in zip(places.items(), found, strict=True):
        at = f"{host}:{port}"
        why = None if error is None else Words(f"{at}:{error}", f"{at}: {error}")
        yield _device(name, why, Words(f"{at} 可连接", f"{at} takes a connection"))


def _connection(place: tuple[str, int, int]) -> str | None:
    try:
        socket.create_connection(place[:2], timeout=_CONNECT_S).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _device(name: str, why: Words | None, well: Words) -> Finding:
    what = Words(f"设备 {name}", f"device {name}")
    if why is None:
        return Finding(what, "ok", well)
    return Finding(what, "bad", why, Words("检查供电、网线与地址", "check its power, cable and address"))


def _telling(config: SiteConfig) -> Iterator[Finding]:
    """Whether somebody would be told of an alarm."""
    options, secrets = config.notify, SecretStore(config.path.parent)
    what = Words("告警通知", "notifications")
    if not options.webhook and not options.mqtt:
        mend = Words(
            "夜间告警无人知晓:配置 [notify](见 docs/guides/operate.md)",
            "nobody is told of an alarm at night: see [notify] in docs/guides/operate.md",
        )
        yield Finding(what, "warning", Words("未配置", "none"), mend)
        return
    if options.mqtt and not installed():
        yield Finding(what, "bad", Words("MQTT", "MQTT"), NO_MQTT)
    needed: list[tuple[str, Secret | None]] = [(name, hook.url) for name, hook in options.webhook.items()]
    needed += [(name, hook.token) for name, hook in options.webhook.items()]
    needed += [(name, secret) for name, mqtt in options.mqtt.items() for secret in (mqtt.user, mqtt.password)]
    for name, secret in needed:
        try:
            if secret is not None:
                secrets.get(secret)
        except SecretError as error:
            yield Finding(
                what, "bad" if secret is not None and secret.secret else "warning", Words(name, name), error.words
            )
            return
    names = ", ".join([*options.webhook, *options.mqtt])
    yield Finding(what, "ok", Words(f"{names};用 leyden notify test 试发", f"{names}; try it with leyden notify test"))

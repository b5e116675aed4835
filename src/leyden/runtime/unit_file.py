"""The systemd unit of a site, hardened: it may write its data, reach its network, and nothing else.

See systemd.service(5), systemd.exec(5) and sd_notify(3). The cycle itself sends the sign of life, so a site whose cycle
hangs is started again; a site file that is wrong does not start, and a running site does not take it.
"""

from collections.abc import Sequence
from pathlib import Path

from leyden.runtime.config import SiteConfig, data_folder

WATCHDOG_S = 60
"""The cycle says that it turns three times in this: a computer may stumble for half of it."""

_UNIT = """\
# The site "{site}", kept running by systemd. Made by `leyden service`; change the site file rather than this one.

[Unit]
Description=Leyden, energy management: {site}
After=network-online.target time-sync.target
Wants=network-online.target time-sync.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStartPre={command} check {file}
ExecStart={command} up {file}
ExecReload=/bin/kill -HUP $MAINPID
User={user}
WorkingDirectory={folder}
Restart=always
RestartSec=2
# 2 is a site file that is wrong: starting again would not mend it.
RestartPreventExitStatus=2
WatchdogSec={watchdog_s}
# The first start may compile kernels; a stop hands every device back.
TimeoutStartSec=300
TimeoutStopSec=60
KillSignal=SIGTERM
UMask=0077
# Secrets may stand here: NAME=value, one a line, mode 0600.
EnvironmentFile=-{folder}/leyden.env
Environment=PYTHONUNBUFFERED=1 {cache}

# It may write its data, and read the rest.
ProtectSystem=strict
ReadWritePaths={writable}
ProtectHome={protect_home}
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def unit_name(site: str) -> str:
    """What the service of a site is called."""
    return f"leyden-{site}.service"


def unit_text(config: SiteConfig, command: Sequence[str], user: str) -> str:
    """The unit. The data folder, the only one that may be written, must be there and the user's when it starts."""
    path = config.path.absolute()
    data = data_folder(config, config.twin is not None).absolute()
    homes = (Path("/home"), Path.home())
    at_home = any(part.is_relative_to(home) for part in (path, data, Path(command[0])) for home in homes)
    return _UNIT.format(
        site=config.site.id,
        command=" ".join(map(_word, command)),
        file=_word(str(path)),
        folder=str(path.parent).replace("%", "%%"),
        writable=_word(str(data)),
        cache=_word(f"NUMBA_CACHE_DIR={data}/numba"),
        user=user,
        watchdog_s=WATCHDOG_S,
        protect_home="read-only" if at_home else "yes",
    )


def _word(text: str) -> str:
    """One word of a command line, as systemd reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(sign in escaped for sign in ' \t"') else escaped

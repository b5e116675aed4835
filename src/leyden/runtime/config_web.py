"""What [web] must not say: keys that others may read, certificates that do not fit, and doors that stand open."""

import ssl
from pathlib import Path

from leyden.model.read_table import TableReader
from leyden.model.words import Words
from leyden.runtime.web_options import TlsOptions, WebOptions

_INSECURE = Words("确有防护(反向代理、VPN)时写 insecure = true", "or insecure = true, behind a proxy or in a VPN")


def check_web(reader: TableReader, options: WebOptions, folder: Path) -> None:
    """Files are there, fit each other and are private; nothing listens to the world in clear unless it says so."""
    if options.tls is not None:
        _check_files(reader, options.tls, folder)
    if options.local:
        return
    if options.tls is None:
        found = Words(
            f'"{options.host}",密码与令牌将以明文经过网络',
            f'"{options.host}": passwords and tokens would cross the network in clear',
        )
        mend = Words(
            f'应添加 tls = {{ cert = "…", key = "…" }};{_INSECURE.zh}',
            f'add tls = {{ cert = "...", key = "..." }}, {_INSECURE.en}',
        )
        reader.tell(("web", "host"), mend, found, warning=options.insecure)
    if options.read == "open":
        found = Words('"open",任何能连到该地址的人都可查看', '"open": anybody who reaches the address may look')
        mend = Words(f'应为 read = "token";{_INSECURE.zh}', f'expected read = "token", {_INSECURE.en}')
        reader.tell(("web", "read"), mend, found, warning=options.insecure)


def tls_files(options: TlsOptions, folder: Path) -> tuple[Path, Path]:
    """Certificate and key, wherever the site file says."""
    return folder / options.cert, folder / options.key


def _check_files(reader: TableReader, tls: TlsOptions, folder: Path) -> None:
    before = len(reader.problems)
    for key, file in zip(("cert", "key"), tls_files(tls, folder), strict=True):
        try:
            file.read_bytes()
        except OSError as error:
            found = Words(f"{file}:{error.strerror}", f"{file}: {error.strerror}")
            reader.tell(("web", "tls", key), Words("应为可读取的 PEM 文件", "name a PEM file that can be read"), found)
    if len(reader.problems) > before:
        return
    cert, key_file = tls_files(tls, folder)
    if key_file.stat().st_mode & 0o007:
        found = Words(f"{key_file} 其他用户可访问", f"{key_file}, which every account of this computer may use")
        reader.tell(("web", "tls", "key"), Words(f"应执行 chmod 600 {key_file}", f"run chmod 600 {key_file}"), found)
    if (why := _misfit(cert, key_file)) is not None:
        mend = Words("应为相互匹配的 PEM 证书与私钥", "name a PEM certificate and the key that belongs to it")
        reader.tell(("web", "tls"), mend, Words(f"无法使用:{why}", f"files that cannot be used: {why}"))


def _misfit(cert: Path, key: Path) -> str | None:
    """Why they cannot be used, None if they can."""

    def no_password() -> str:
        raise ValueError("the key has a password: a service that starts by itself cannot give it")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, no_password)
    except (OSError, ValueError) as error:
        return str(error)
    return None

"""`leyden notify`: whether those who are to be told of alarms can be told."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from leyden.alarms.notices import Kind, Message
from leyden.cli.client import EXIT_REFUSED, AsJson, fail, language, print_json
from leyden.cli.consoles import out
from leyden.cli.site_file import load_or_fail
from leyden.model.words import Words
from leyden.runtime.broker import Broker
from leyden.runtime.config import SiteConfig
from leyden.runtime.describe import words_json
from leyden.runtime.notify import Channel, channels_of
from leyden.runtime.notify_text import About
from leyden.runtime.secret_store import SecretError, SecretStore
from leyden.runtime.webhook import DeliveryError

app = typer.Typer(help="Messages about alarms, by webhook and MQTT, as the site file says.", no_args_is_help=True)
CONNECT_S = 10.0
_TITLE = Words("测试消息", "this is a test")
_TEXT = Words("若收到本消息,告警也能送达", "if you read this, alarms will reach you too")
_ADVICE = Words("无需处理", "nothing to do")
_WELL = Words("已送达", "taken")


@app.callback()
def _notify() -> None:
    """With a callback typer keeps `test` as a word of its own."""


@app.command("test")
def send_test(
    site: Annotated[Path, typer.Argument(help="The site file, such as sites/park.toml.")],
    as_json: AsJson = False,
) -> None:
    """Send a test message by every way that the site file names, and tell what became of it. Exit code 1 if one failed.

    Example: leyden notify test sites/park.toml
    """
    config = load_or_fail(site)
    channels = channels_of(config.notify, SecretStore(config.path.parent), config.site.id, present=False)
    if not channels:
        fail(f"{site} names nobody: add [notify] (see docs/guides/operate.md)", 2)
    told = asyncio.run(_all(config, channels))
    if as_json:
        print_json([{**row, "text": words_json(row["text"])} for row in told])
    else:
        for row in told:
            text = f"{row['channel']}: {row['text'][language()]} ({row['seconds']:.1f} s)"
            out.print(text, style="green" if row["ok"] else "red", highlight=False, soft_wrap=True)
    if not all(row["ok"] for row in told):
        raise typer.Exit(EXIT_REFUSED)


async def _all(config: SiteConfig, channels: list[Channel]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    name = f"{config.site.id}-{int(now.timestamp())}-test"
    message = Message(name, Kind.TEST, "test", 2, "leyden", _TITLE, _TEXT, _ADVICE, now, now)
    about = About(
        config.site.id, config.site.name, "SIMULATED" if config.twin is not None else "LIVE", config.notify.link
    )
    return list(await asyncio.gather(*(_one(channel, message, about) for channel in channels)))


async def _one(channel: Channel, message: Message, about: About) -> dict[str, Any]:
    """Connect where that is needed, send, and tell."""
    begun_s = monotonic()
    running = asyncio.create_task(channel.run())
    try:
        if isinstance(channel, Broker):
            with suppress(TimeoutError):  # sending tells why it is not connected
                await asyncio.wait_for(channel.tried.wait(), CONNECT_S)
        await channel.send(message, about)
        ok, text = True, _WELL
    except (DeliveryError, SecretError) as error:
        ok, text = False, error.words
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return {"channel": channel.name, "ok": ok, "text": text, "seconds": monotonic() - begun_s}

"""What a message looks like on its way: as a document for programs, as a text for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leyden.alarms.notices import Kind, Message
from leyden.model.words import Words
from leyden.runtime.describe import time_json, words_json
from leyden.runtime.notify_options import Form

_KINDS: Mapping[Kind, Words] = {
    Kind.RAISED: Words("告警", "alarm"),
    Kind.ESCALATED: Words("告警升级", "alarm, more urgent now"),
    Kind.RECOVERED: Words("已恢复", "recovered"),
    Kind.PASSED: Words("曾告警,已恢复", "was an alarm, has recovered"),
    Kind.TEST: Words("测试", "test"),
}
_SINCE = Words("自", "since")
_TIMES = Words("第 {times} 次", "time no. {times}")
SIMULATED = "SIMULATED"


@dataclass(frozen=True, slots=True)
class About:
    """Whose messages these are."""

    site: str
    name: Words
    mark: str
    """SIMULATED, SHADOW or LIVE."""
    link: str = ""


def document(message: Message, about: About) -> dict[str, Any]:
    """Everything, with texts in both languages; powers and times as everywhere in the API."""
    return {
        "kind": str(message.kind),
        "id": message.id,
        "site": {"id": about.site, "name": words_json(about.name)},
        "mode": about.mark,
        "priority": message.priority,
        "cause": message.cause,
        "source": message.source,
        "title": words_json(message.title),
        "text": words_json(message.text),
        "advice": words_json(message.advice),
        "since": time_json(message.since),
        "time": time_json(message.time),
        "occurrences": message.occurrences,
        "link": about.link,
    }


def plain_text(message: Message, about: About) -> str:
    """The same for a person: Chinese, then English."""
    return "\n\n".join(_lines(message, about, language) for language in ("zh", "en")) + (
        f"\n{about.link}" if about.link else ""
    )


def _lines(message: Message, about: About, language: Any) -> str:
    mark = "" if about.mark == "LIVE" else f"[{about.mark}] "
    head = f"{mark}{about.name[language]} · P{message.priority} {_KINDS[message.kind][language]}: "
    times = ""
    if message.occurrences > 1:
        times = f" · {_TIMES.fill({'times': message.occurrences})[language]}"
    lines = [head + message.title[language], message.text[language]]
    if message.kind in (Kind.RAISED, Kind.ESCALATED):
        lines.append(message.advice[language])
    lines.append(f"{_SINCE[language]} {time_json(message.since)}{times}")
    return "\n".join(line for line in lines if line)


def body_for(form: Form, message: Message, about: About) -> dict[str, Any]:
    """What a webhook of this form is sent."""
    match form:
        case "json":
            return document(message, about)
        case "feishu":
            return {"msg_type": "text", "content": {"text": plain_text(message, about)}}
        case "slack":
            return {"text": plain_text(message, about)}
        case "dingtalk" | "wecom":
            return {"msgtype": "text", "text": {"content": plain_text(message, about)}}


def refusal(form: Form, answer: Mapping[str, Any]) -> str | None:
    """Robots answer 200 even where they refuse; the reason is in what they say. None if it was taken."""
    if form in ("dingtalk", "wecom") and answer.get("errcode", 0) != 0:
        return f"errcode {answer['errcode']}"
    code = answer.get("code", answer.get("StatusCode", 0))
    if form == "feishu" and code != 0:
        return f"code {code}"
    return None

"""What people did, as sentences: one for each code that the log knows, and a plain one for those that it does not."""

from collections.abc import Mapping
from math import nan
from typing import Any

from leyden.history.ledger import Action
from leyden.model.role import Role
from leyden.model.words import Words

_SENTENCES: Mapping[str, Words] = {
    "armed": Words("{by} 投入运行(此前:{before})", "{by} armed the site (before: {before})"),
    "disarmed": Words("{by} 退出至影子模式(此前:{before})", "{by} took the site to shadow (before: {before})"),
    "arming-failed": Words("投入运行未成功,仍为影子模式", "arming failed: the site stayed in shadow"),
    "locked": Words("{by} 对 {target} 检修挂牌", "{by} locked {target}"),
    "unlocked": Words(
        "{by} 解除 {target} 的挂牌(原由 {before_by} 挂)", "{by} unlocked {target} (locked by {before_by})"
    ),
    "lease-granted": Words(
        "{by} 设定 {target} 为 {power_w},持续 {duration_s}", "{by} set {target} to {power_w} for {duration_s}"
    ),
    "lease-released": Words(
        "{by} 结束 {target} 的指令({before_power_w})", "{by} ended the command for {target} ({before_power_w})"
    ),
    "alarm-acknowledged": Words("{by} 确认告警 {target}", "{by} acknowledged {target}"),
    "demand-entered": Words(
        "{by} 将本月最大需量由 {before_w} 改为 {after_w}", "{by} set the month's demand from {before_w} to {after_w}"
    ),
    "logged-in": Words("{by} 登录", "{by} logged in"),
    "logged-out": Words("{by} 退出登录", "{by} logged out"),
    "password-changed": Words("{by} 修改了自己的密码", "{by} changed their own password"),
    "user-added": Words("{by} 添加用户 {target}({role})", "{by} let {target} log in as {role}"),
    "user-changed": Words("{by} 修改用户 {target}(现为{role})", "{by} changed {target} (now {role})"),
    "user-removed": Words("{by} 删除用户 {target}", "{by} removed {target}"),
    "token-made": Words("{by} 建立令牌 {target}({role})", "{by} made the token {target} ({role})"),
    "backup-made": Words("{by} 备份了站点", "{by} made a backup of the site"),
    "token-removed": Words("{by} 收回令牌 {target}", "{by} took back the token {target}"),
}
_UNKNOWN = Words("{by}:{what}({target})", "{by}: {what} ({target})")
_WHY = Words("{told},原因:{why}", "{told}: {why}")


def action_words(action: Action) -> Words:
    """Who did what to what, and why, in both languages."""
    values: dict[str, Any] = {
        "by": action.by,
        "what": action.what,
        "target": action.target,
        "before": _plain(action.before),
        "before_w": _number(action.before),
        "after_w": _number(action.after),
    }
    values |= {f"before_{name}": value for name, value in _fields(action.before).items()}
    values = _fields(action.after) | values  # what was kept can never hide who did what
    if (role := str(values.get("role"))) in list(Role):
        values["role"] = Role(role).label
    template = _SENTENCES.get(action.what, _UNKNOWN)
    try:
        told = template.fill(values)
    except KeyError:  # an earlier version kept less of it
        told = _UNKNOWN.fill(values)
    return _WHY.fill({"told": told, "why": action.why}) if action.why else told


def _fields(kept: object) -> dict[str, object]:
    return {str(name): value for name, value in kept.items()} if isinstance(kept, dict) else {}


def _plain(kept: object) -> str:
    return kept if isinstance(kept, str) else "—"


def _number(kept: object) -> float:
    return float(kept) if isinstance(kept, int | float) and not isinstance(kept, bool) else nan

"""What stands between the rows and the disk, in words that name the mend."""

from pathlib import Path

from leyden.history.record.store import HeldError
from leyden.model.words import Words


def why_failing(error: BaseException, path: Path) -> Words:
    """The sentence for the operator; the error itself goes to the log."""
    text = str(error)
    if isinstance(error, HeldError) or "lock on file" in text:
        return Words(
            f"记录文件 {path} 被其他程序占用;请关闭该程序,数据暂存于内存",
            f"another program holds the record {path}: close it; rows wait in memory",
        )
    if any(sign in text for sign in ("No space left", "File too large", "Disk quota", "not enough space")):
        return Words(
            f"磁盘已满,无法写入 {path};请释放空间,数据暂存于内存",
            f"the disk is full, {path} cannot be written: free some space; rows wait in memory",
        )
    if any(sign in text for sign in ("Permission denied", "Read-only file system")):
        return Words(
            f"无权写入 {path};请检查目录权限,数据暂存于内存",
            f"{path} may not be written: check the rights of its folder; rows wait in memory",
        )
    first = text.splitlines()[0] if text else type(error).__name__
    return Words(
        f"无法写入 {path}({first});请查看日志,数据暂存于内存",
        f"{path} cannot be written ({first}): see the log; rows wait in memory",
    )


def was_damaged(path: Path) -> Words:
    """Recording goes on, but what stood in the damaged file is missing; said until the next start."""
    return Words(
        f"记录文件已损坏,已另存为 {path},并新建了记录;请检查磁盘,必要时从备份恢复",
        f"the record's file was damaged: it was set aside as {path} and a new one begun; check the disk",
    )


def clock_back(behind_s: float) -> Words:
    """Site time ran backwards: nothing is recorded until it passes the newest row."""
    return Words(
        "站内时间倒退 {behind_s};在时间追上之前不再记录,请检查时钟",
        "site time went back by {behind_s}: nothing is recorded until it catches up; check the clock",
    ).fill({"behind_s": behind_s})

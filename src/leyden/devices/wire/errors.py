"""What can go wrong on a wire, in words that an operator understands."""

from leyden.model.errors import LeydenError
from leyden.model.words import Words


class WireError(LeydenError):
    """Base of all; `words` say what happened, in both languages."""

    def __init__(self, words: Words) -> None:
        self.words = words
        super().__init__(words.en)


class NoConnectionError(WireError):
    """Nobody listens at the address."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(Words(f"无法连接 {host}:{port}", f"cannot connect to {host}:{port}"))


class NoAnswerError(WireError):
    """Connected, but silent; the connection is given up, so that a late answer cannot be taken for the next one."""

    def __init__(self, timeout_s: float) -> None:
        values = {"timeout_s": timeout_s}
        super().__init__(Words("{timeout_s} 内无应答", "no answer within {timeout_s}").fill(values))


class ConnectionLostError(WireError):
    """The other end closed the connection."""

    def __init__(self) -> None:
        super().__init__(Words("连接被对方断开", "the device closed the connection"))


class GarbledError(WireError):
    """What came is no answer to what was asked."""

    def __init__(self, what: str) -> None:
        super().__init__(Words(f"应答无法识别:{what}", f"an answer that makes no sense: {what}"))


class RefusedError(WireError):
    """The device answered that it will not; the connection is sound."""

    def __init__(self, code: int, address: int) -> None:
        self.code = code
        meaning = EXCEPTIONS.get(code, Words("未知原因", "unknown reason"))
        super().__init__(
            Words(
                f"寄存器 {address}:设备返回异常 {code}({meaning.zh})",
                f"register {address}: the device answers exception {code} ({meaning.en})",
            )
        )


EXCEPTIONS = {
    1: Words("不支持的功能", "illegal function"),
    2: Words("无此地址", "illegal address"),
    3: Words("数值无效", "illegal value"),
    4: Words("设备故障", "device failure"),
    5: Words("已接受,处理中", "acknowledged, still working"),
    6: Words("设备忙", "device busy"),
    10: Words("网关路径不可用", "gateway path unavailable"),
    11: Words("网关后的设备无应答", "no answer from behind the gateway"),
}
"""Modbus Application Protocol V1.1b3, section 7."""

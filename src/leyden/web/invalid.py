"""What does not fit the schema of a request, in both languages; what was sent is never echoed."""

from collections.abc import Mapping, Sequence
from typing import Any

from leyden.model.words import Words

_CHINESE: Mapping[str, str] = {
    "missing": "缺少此项",
    "extra_forbidden": "未知的项",
    "json_invalid": "不是 JSON",
    "model_attributes_type": "应为一个对象",
    "model_type": "应为一个对象",
    "dict_type": "应为一个对象",
    "string_type": "应为文本",
    "string_unicode": "应为 UTF-8 文本",
    "string_too_short": "不应少于 {min_length} 个字符",
    "string_too_long": "不应多于 {max_length} 个字符",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_parsing_size": "整数过大",
    "int_from_float": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不应小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不应大于 {le}",
    "literal_error": "应为 {expected}",
    "enum": "应为 {expected}",
    "no_time": "应写作 2026-07-15T03:00:00Z",
    "time_beyond": "应在 {first} 与 {last} 之间",
    "datetime_from_date_parsing": "应写作 2026-07-15T03:00:00Z",
    "datetime_parsing": "应写作 2026-07-15T03:00:00Z",
    "date_from_datetime_parsing": "应写作 2026-07-15",
    "date_from_datetime_inexact": "应写作 2026-07-15",
    "date_parsing": "应写作 2026-07-15",
}
"""By pydantic's types of errors; what is missing here is told in English."""


def invalid_words(errors: Sequence[Any]) -> Words:
    """All that is wrong, each with where it stands."""
    places = [".".join(map(str, found["loc"][1:])) or "body" for found in errors]
    told = [_words(found) for found in errors]
    zh = "; ".join(f"{place}:{words.zh}" for place, words in zip(places, told, strict=True))
    en = "; ".join(f"{place}: {words.en}" for place, words in zip(places, told, strict=True))
    return Words(f"请求不符合要求:{zh}", f"the request does not fit: {en}")


def _words(found: Mapping[str, Any]) -> Words:
    en = str(found["msg"])
    return Words(_CHINESE.get(str(found["type"]), en).format_map(found.get("ctx") or {}), en)

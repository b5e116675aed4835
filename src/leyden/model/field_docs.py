"""The docstring line under a dataclass field: what points, options and their tables in the docs say of themselves."""

import ast
import inspect
import textwrap
from typing import Any


def field_docs(owner: type[Any]) -> dict[str, str]:
    """The docstring line under each field, which Python itself throws away; base classes first."""
    docs: dict[str, str] = {}
    for cls in reversed(owner.__mro__[:-1]):
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, after in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
                value = after.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    docs[field.target.id] = inspect.cleandoc(value.value)
    return docs

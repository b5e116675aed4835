"""The shapes of who asks: people, tokens, logins. A password goes in and never comes out."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from leyden.model.role import Role
from leyden.web.models import Model, Number, Time

Name = Annotated[str, Field(min_length=1, max_length=64)]
Password = Annotated[str, Field(min_length=1, max_length=256)]

YEAR_S = 365 * 86400.0


class Me(Model):
    """Who asks, as the site sees it."""

    name: str | None = Field(description="a person's name or a token's label; null for anybody")
    role: Role | None = Field(description="null: may not even read")
    via: Literal["session", "token", "open"] | None
    users: bool = Field(description="whether anybody can log in by name")


class LoginRequest(Model):
    """A name and its password."""

    user: Name
    password: Password


class Known(Model):
    """Who asks from now on; the session's cookie comes with it."""

    me: Me


class PasswordRequest(Model):
    """A new password for who asks."""

    old: Password
    new: Password


class UserModel(Model):
    """Somebody who can log in."""

    name: str
    role: Role
    enabled: bool
    made: Time
    changed: Time


class UsersModel(Model):
    """Everybody who can log in."""

    users: list[UserModel]


class UserAnswer(Model):
    """One of them."""

    user: UserModel


class NewUser(Model):
    """Somebody new: a password of 10 characters or more, other than the name."""

    name: Name
    role: Role
    password: Password


class UserChange(Model):
    """What is given becomes so; all sessions of the person end."""

    role: Role | None = None
    password: Password | None = None
    enabled: StrictBool | None = None


class TokenModel(Model):
    """A machine's token without its secret."""

    id: int
    label: str
    role: Role
    made: Time
    expires: Time | None = Field(description="null: it does not end by itself")


class TokensModel(Model):
    """Tokens that have not been taken back."""

    tokens: list[TokenModel]


class NewToken(Model):
    """A token for a machine."""

    label: Name
    role: Role
    expires_s: Number | None = Field(default=None, ge=1.0, le=20 * YEAR_S, description="s from now; null: never")


class TokenAnswer(Model):
    """The secret, told this once."""

    token: str
    id: int


class Removed(Model):
    """It is gone."""

    removed: Literal[True] = True

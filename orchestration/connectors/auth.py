"""How requests are signed: a function, as headers given beforehand may be logged."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import PreparedRequest

Auth = Callable[["PreparedRequest"], "PreparedRequest"]
"""Signs a request just before it is sent, when nothing logs it any more."""


def header_auth(name: str, value: str) -> Auth:
    """Such as `header_auth("Authorization", f"Bearer {token}")`."""

    def sign(request: "PreparedRequest") -> "PreparedRequest":
        request.headers[name] = value
        return request

    return sign


def basic_auth(user: str, password: str) -> Auth:
    """HTTP's name and password."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return header_auth("Authorization", f"Basic {pair}")

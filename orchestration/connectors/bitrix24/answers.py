"""What Bitrix24 means by its errors: in the body, whatever the status, or inside a batch."""

from collections.abc import Mapping
from typing import Any

from orchestration.connectors.http import Refusal

_AGAIN = (
    "QUERY_LIMIT_EXCEEDED",
    "OPERATION_TIME_LIMIT",
    "OVERLOAD_LIMIT",
    "INTERNAL_SERVER_ERROR",
    "ERROR_UNEXPECTED_ANSWER",
)
_DENIED = (
    "INVALID_CREDENTIALS",
    "NO_AUTH_FOUND",
    "EXPIRED_TOKEN",
    "INSUFFICIENT_SCOPE",
    "ACCESS_DENIED",
    "USER_ACCESS_ERROR",
    "ALLOWED_ONLY_INTRANET_USER",
    "PAYMENT_REQUIRED",
)
_ACCESS = "access denied"
_REFUSED = 400


def judge(status: int, body: Any) -> Refusal | None:
    """Why an answer is none; a batch is none as soon as one of its commands failed."""
    if not isinstance(body, Mapping):
        return None
    if "error" in body:
        return _refusal(status, body)
    result = body.get("result")
    errors = result.get("result_error") if isinstance(result, Mapping) else None
    if isinstance(errors, Mapping) and errors:
        # PHP writes an empty mapping as a list.
        first = next(iter(errors.values()))
        return _refusal(status, first if isinstance(first, Mapping) else {})
    return None


def _refusal(status: int, error: Mapping[str, Any]) -> Refusal | None:
    code, said = str(error.get("error", "")), str(error.get("error_description") or "")
    told = ", ".join(filter(None, (code, said)))[:200] or "no reason told"
    if code.upper() in _AGAIN:
        return Refusal("retry", told)
    if code.upper() in _DENIED or _ACCESS in said.lower():
        return Refusal("denied", told)
    # Some other error: HTTP's status says what it means, if it is one.
    return None if status >= _REFUSED else Refusal("retry", told)

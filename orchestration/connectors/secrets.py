"""Secrets stay out of errors and logs, whatever library tells them."""

import base64
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import quote, quote_plus, urlsplit

from orchestration.connectors.base import ConnectorError

_HIDDEN = "<secret>"
# These tell addresses and headers of requests when somebody turns debugging on.
_TALKATIVE = ("urllib3.connectionpool", "requests", "dlt")


def hide(text: str, secrets: Sequence[str]) -> str:
    """`text` without the secrets, as they are, as they stand in an address, or in base64.

    A secret that is an address (a webhook's) is told in parts: its path is as secret.
    """
    paths = [urlsplit(secret).path.strip("/") for secret in secrets if "://" in secret]
    for secret in sorted(filter(None, (*secrets, *paths)), key=len, reverse=True):
        for spelled in {secret, quote(secret, safe=""), quote_plus(secret), _base64(secret)}:
            text = text.replace(spelled, _HIDDEN)
    return text


@contextmanager
def without_secrets(secrets: Sequence[str]) -> Iterator[None]:
    """Whatever goes wrong or is logged inside is told without the secrets.

    A ConnectorError leaves alone: what it came from quotes addresses and headers.
    """
    hiding = _Hiding(secrets)
    handlers = [logging.getLogger(name) for name in _TALKATIVE]
    for logger in handlers:
        logger.addFilter(hiding)
    try:
        yield
    except ConnectorError as error:
        _raise_alone(error, hide(str(error), secrets))
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        if hide(told, secrets) == told:
            raise
        _raise_alone(ConnectorError(), hide(f"{type(error).__name__}: {error}", secrets))
    finally:
        for logger in handlers:
            logger.removeFilter(hiding)


class _Hiding(logging.Filter):
    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide(record.getMessage(), self._secrets), ()
        return True


def _raise_alone(error: ConnectorError, told: str) -> NoReturn:
    error.args = (told,)
    try:
        raise error from None
    finally:
        # `from None` hides what was before from a traceback, but leaves it within reach.
        error.__context__ = None


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()

"""The key of a model server, kept in SSM Parameter Store and never in the environment or a log."""

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from colloquy.domain.errors import ModelUnavailableError
from colloquy.observability import logger

_KEPT_SECONDS: Final = 300.0
"""How long a key is used without looking again: a new one holds everywhere after that."""


class Parameters(Protocol):
    """The one call of boto3's ``ssm`` client that is made here."""

    def get_parameter(self, **request: Any) -> Mapping[str, Any]:
        """Read one parameter."""
        ...


class ParameterKey:
    """Gives the value of a SecureString, under the account's own key for SSM (``aws/ssm``)."""

    def __init__(self, client: Parameters, name: str) -> None:
        self._client = client
        self._name = name
        self._lock = Lock()
        self._value: str | None = None
        self._until = 0.0

    def __call__(self) -> str:
        """Return the key.

        Raises:
            ModelUnavailableError: it cannot be read, and there is none from before.
        """
        with self._lock:
            if self._value is None or time.monotonic() >= self._until:
                self._value = self._read()
                self._until = time.monotonic() + _KEPT_SECONDS
            return self._value

    def _read(self) -> str:
        try:
            reply = self._client.get_parameter(Name=self._name, WithDecryption=True)
        except (BotoCoreError, ClientError) as error:
            logger.error("model key not read", error_type=type(error).__name__)
            if self._value is not None:
                return self._value
            raise ModelUnavailableError from error
        value: str = reply["Parameter"]["Value"]
        return value.strip()

"""The parts of template.yaml that are emulated, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Function:
    """A Lambda function: its logical id is also its name on one machine."""

    name: str
    code: Path
    handler: str
    timeout: int
    """Seconds."""
    memory: int
    """Megabytes: the function can read it, nothing enforces it."""
    layers: tuple[Path, ...]
    environment: Mapping[str, str]
    policies: tuple[Mapping[str, Any], ...] = ()
    """Policy documents of its role."""


@dataclass(frozen=True)
class Route:
    """A route of the HTTP API; ``$default`` is both method ANY and path ``$default``."""

    method: str
    path: str
    function: str
    authorizer: str | None

    @property
    def key(self) -> str:
        """The route key as it stands in an event."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True)
class Authorizer:
    """A JWT authorizer of the HTTP API."""

    issuer: str
    audience: tuple[str, ...]


@dataclass(frozen=True)
class Cors:
    """The HTTP API's answer to browsers."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int | None = None
    credentials: bool = False


@dataclass(frozen=True)
class Table:
    """The DynamoDB table: ``parameters`` are those of CreateTable, without TableName."""

    name: str
    parameters: Mapping[str, Any]
    ttl_attribute: str | None

    @property
    def streams(self) -> bool:
        """Whether changes go to a stream."""
        return "StreamSpecification" in self.parameters


@dataclass(frozen=True)
class Stream:
    """An event source mapping from the table's stream to a function; -1 means for ever."""

    name: str
    function: str
    starting_position: str
    batch_size: int = 100
    retries: int = -1
    max_age: int = -1
    bisect: bool = False
    partial: bool = False
    parallel: int = 1
    filters: tuple[Mapping[str, Any], ...] = ()
    on_failure: str | None = None
    """The name of a queue."""


@dataclass(frozen=True)
class Schedule:
    """A schedule that invokes a function."""

    name: str
    function: str
    expression: str


@dataclass(frozen=True)
class Subscription:
    """A filter on one function's log whose matches go to another function."""

    name: str
    function: str
    source: str
    """The function whose log it is."""
    field: str
    """The field a line of JSON must have."""


@dataclass(frozen=True)
class Template:
    """Everything that is emulated, and nothing that is not used."""

    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    authorizers: Mapping[str, Authorizer]
    cors: Cors | None
    table: Table | None
    streams: tuple[Stream, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()

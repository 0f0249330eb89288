"""What the environment tells a function: read once, when it starts."""

import os
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one function, as template.yaml gives them."""

    table_name: str
    public_base_url: str
    """What the addresses of share links begin with; empty means where the request came to."""

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings.

        Raises:
            KeyError: a variable is missing; the function cannot start.
        """
        return cls(
            table_name=os.environ["TABLE_NAME"],
            # Only the function that makes links is told.
            public_base_url=os.environ.get("PUBLIC_BASE_URL", "").rstrip("/"),
        )


@dataclass(frozen=True, slots=True)
class RateSettings:
    """How many requests one owner may send to one execution environment."""

    requests_per_second: float
    """0 means that there is no limit."""

    burst: int

    @classmethod
    def from_environment(cls) -> "RateSettings":
        """Read the settings; without the variables there is no limit.

        Raises:
            ValueError: a variable is not a number; the function cannot start.
        """
        return cls(
            requests_per_second=float(os.environ.get("OWNER_REQUESTS_PER_SECOND") or 0),
            burst=int(os.environ.get("OWNER_BURST") or 1),
        )


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which models there are, and how they are reached; only functions that ask one have these.

    ``table`` is JSON (``models.names``). A server of OpenAI's kind has a ``base_url``, and a key in
    the SSM parameter ``key_parameter`` or, on one machine, in ``api_key``.
    """

    provider: Literal["bedrock", "openai", "off"]
    table: str
    base_url: str
    key_parameter: str
    api_key: str = field(repr=False)

    @classmethod
    def from_environment(cls) -> "ModelSettings":
        """Read the settings.

        Raises:
            KeyError: a variable is missing; the function cannot start.
            ValueError: the provider is none of the known.
        """
        provider = os.environ["MODEL_PROVIDER"]
        if provider not in {"bedrock", "openai", "off"}:
            raise ValueError(f"MODEL_PROVIDER must be bedrock, openai or off, not {provider}")
        return cls(
            provider=provider,  # type: ignore[arg-type] # narrowed above, which mypy cannot see
            table=os.environ["MODEL_TABLE"],
            base_url=os.environ.get("MODEL_BASE_URL", ""),
            key_parameter=os.environ.get("MODEL_KEY_PARAMETER", ""),
            api_key=os.environ.get("MODEL_API_KEY", ""),
        )

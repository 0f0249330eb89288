"""Where DynamoDB answers: an emulator of a run, or the endpoint the user names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.template.intrinsics import REGION

_LOCAL_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
_ADDRESS = "dynamodb.url"


@dataclass(frozen=True)
class Endpoint:
    """Where the table is, and who we are there."""

    url: str
    environment: Mapping[str, str]
    guarded: bool = False
    """Whether a function may do there what its policies allow, and no more."""

    def environment_of(self, function: str) -> dict[str, str]:
        """Return what a function is to know: there, a guarded one signs with its own name."""
        own = {"AWS_ACCESS_KEY_ID": function} if self.guarded else {}
        return {**self.environment, **own}

    def client(self, service: str) -> Any:
        """Return a boto3 client for ``dynamodb`` or ``dynamodbstreams`` there."""
        url = self.url
        if service == "dynamodbstreams" and ".amazonaws.com" in url:
            url = url.replace("://dynamodb.", "://streams.dynamodb.", 1)
        session: Any = boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.environment.get("AWS_SESSION_TOKEN"),
            region_name=self.environment["AWS_REGION"],
        )
        return session.client(
            service,
            endpoint_url=url,
            config=Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3}),
        )


def foreign_endpoint(url: str) -> Endpoint:
    """Return the user's own endpoint, with the user's credentials where there are some."""
    session = boto3.Session()
    region = session.region_name or REGION
    credentials = session.get_credentials()
    identity = dict(_LOCAL_CREDENTIALS)
    if credentials is not None:
        frozen = credentials.get_frozen_credentials()
        identity = {
            "AWS_ACCESS_KEY_ID": str(frozen.access_key),
            "AWS_SECRET_ACCESS_KEY": str(frozen.secret_key),
        }
        if frozen.token:
            identity["AWS_SESSION_TOKEN"] = str(frozen.token)
    return Endpoint(url, _environment(url, region, identity))


def emulator_endpoint(url: str) -> Endpoint:
    """Return the endpoint of an emulator of ours, whatever account the user's shell is for."""
    return Endpoint(url, _environment(url, REGION, _LOCAL_CREDENTIALS), guarded=True)


def publish(data: Path, endpoint: Endpoint) -> None:
    """Leave word in the data directory where the table of a run answers."""
    (data / _ADDRESS).write_text(endpoint.url, encoding="utf-8")


def endpoint_of(url: str | None, data: Path) -> Endpoint:
    """Return the endpoint at ``url``, or else that of what runs in the data directory.

    Raises:
        OSError: nothing has ever run there.
    """
    if url:
        return foreign_endpoint(url)
    try:
        return emulator_endpoint((data / _ADDRESS).read_text("utf-8"))
    except FileNotFoundError as exc:
        raise OSError(f"nothing has run in {data}; start it with make run, or set TABLE") from exc


def _environment(url: str, region: str, identity: Mapping[str, str]) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **identity,
    }

"""The composition root: the only place that joins services to stores and stores to DynamoDB."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import boto3
from botocore.config import Config

from colloquy.models.bedrock import BedrockResponder
from colloquy.models.counted import CountedResponder
from colloquy.models.key import ParameterKey
from colloquy.models.names import ModelTable
from colloquy.models.openai import OpenAIResponder
from colloquy.models.responder import Responder
from colloquy.services.conversations import Conversations
from colloquy.services.deletion import Deletions
from colloquy.services.edits import Edits
from colloquy.services.erasure import Erasures
from colloquy.services.expiry import Expiry
from colloquy.services.exports import Exports
from colloquy.services.guests import Guests
from colloquy.services.imports import Imports
from colloquy.services.items import Items
from colloquy.services.models import ANSWER_SECONDS, Models
from colloquy.services.ports import ViewRows
from colloquy.services.projects import Projects
from colloquy.services.regeneration import Regenerations
from colloquy.services.responses import Responses
from colloquy.services.shares import Shares
from colloquy.services.titles import Titles
from colloquy.services.viewing import Viewing
from colloquy.settings import ModelSettings, Settings
from colloquy.store.conversations import ConversationStore
from colloquy.store.deletions import DeletionStore
from colloquy.store.due import DueStore
from colloquy.store.edits import EditStore
from colloquy.store.erasure import ErasureStore
from colloquy.store.exports import ExportStore
from colloquy.store.guests import GuestStore
from colloquy.store.imports import ImportStore
from colloquy.store.items import ItemStore
from colloquy.store.projects import ProjectStore
from colloquy.store.shares import ShareStore
from colloquy.store.snapshots import SnapshotStore
from colloquy.store.table import Table
from colloquy.store.titles import TitleStore
from colloquy.store.views import ViewStore

# Three tries of at most 3.5 seconds and the pauses between them (1 s and 2 s at most) make 13.5:
# two calls in a row stay inside a request's 28.
_CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2.5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
)

# One try: a second would take what the deadline has left.
_MODEL_CONFIG = Config(
    connect_timeout=2,
    read_timeout=ANSWER_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 1},
)
_KEY_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}
)


@cache
def table() -> Table:
    """Return the table; its client is made once per execution environment."""
    return Table(
        boto3.client("dynamodb", config=_CLIENT_CONFIG), Settings.from_environment().table_name
    )


@cache
def conversations() -> Conversations:
    """Return the service behind the conversations endpoints."""
    return Conversations(ConversationStore(table()), ItemStore(table()), _utc_now)


@cache
def deletions() -> Deletions:
    """Return the service behind the endpoints that delete many conversations."""
    return Deletions(DeletionStore(table()), _utc_now)


@cache
def erasures() -> Erasures:
    """Return the service that the table's stream feeds with what was deleted."""
    return Erasures(ErasureStore(table()), projects(), _utc_now)


@cache
def items() -> Items:
    """Return the service behind the messages endpoints."""
    return Items(ItemStore(table()), _utc_now)


@cache
def projects() -> Projects:
    """Return the service behind the projects endpoints."""
    return Projects(ProjectStore(table()), ConversationStore(table()), _utc_now)


@cache
def edits() -> Edits:
    """Return the service behind changes to messages that are there."""
    return Edits(EditStore(table()), _utc_now)


@cache
def regenerations() -> Regenerations:
    """Return the service that has a model write."""
    return Regenerations(EditStore(table()), ProjectStore(table()), models(), _utc_now)


@cache
def responses() -> Responses:
    """Return the service that has a model respond."""
    edits, projects = EditStore(table()), ProjectStore(table())
    return Responses(ItemStore(table()), edits, projects, models(), _utc_now)


@cache
def titles() -> Titles:
    """Return the service that gives conversations better titles."""
    return Titles(TitleStore(table()), ItemStore(table()), models(), _utc_now)


@cache
def models() -> Models | None:
    """Return the models that are set up and what answers for them, or None."""
    settings = ModelSettings.from_environment()
    if settings.provider == "off":
        return None
    return Models(ModelTable.from_json(settings.table), CountedResponder(_responder(settings)))


@cache
def model_names() -> Sequence[str]:
    """Return the names of the models that are set up, the default one first."""
    settings = ModelSettings.from_environment()
    return [] if settings.provider == "off" else [*ModelTable.from_json(settings.table).models]


@cache
def shares() -> Shares:
    """Return the service behind an owner's share links."""
    return Shares(ShareStore(table()), _utc_now)


@cache
def viewing() -> Viewing:
    """Return the service behind the public page."""
    return Viewing(SnapshotStore(table()), _utc_now)


@cache
def guests() -> Guests:
    """Return the service behind what signed-in viewers do with links."""
    return Guests(ShareStore(table()), SnapshotStore(table()), GuestStore(table()), _utc_now)


@cache
def exports() -> Exports:
    """Return the service behind exports."""
    return Exports(ExportStore(table()))


@cache
def imports() -> Imports:
    """Return the service behind imports."""
    return Imports(ConversationStore(table()), ImportStore(table()), _utc_now)


@cache
def expiry() -> Expiry:
    """Return the service behind the cleanup."""
    return Expiry(DueStore(table()), _utc_now)


@cache
def views() -> ViewRows:
    """Return where the views of links are counted."""
    return ViewStore(table())


def forget() -> None:
    """Forget what was made, so that the next call makes it anew: for tests."""
    for made in list(globals().values()):
        if hasattr(made, "cache_clear"):
            made.cache_clear()


def _responder(settings: ModelSettings) -> Responder:
    if settings.provider == "bedrock":
        return BedrockResponder(boto3.client("bedrock-runtime", config=_MODEL_CONFIG))
    if settings.key_parameter:
        key = ParameterKey(boto3.client("ssm", config=_KEY_CONFIG), settings.key_parameter)
        return OpenAIResponder(settings.base_url, key)
    return OpenAIResponder(settings.base_url, lambda: settings.api_key or None)


def _utc_now() -> datetime:
    return datetime.now(UTC)


if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # An execution environment is starting: it has a whole CPU for this, its first request has not.
    table()

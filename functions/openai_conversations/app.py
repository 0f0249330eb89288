"""The OpenAI dialect's conversations, their items, and models."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.domain.conversation import ConversationChanges
from colloquy.domain.page import PageRequest
from colloquy.http.caller import CallerId
from colloquy.http.conditions import OnceOnly
from colloquy.http.openai.conversations import (
    DEFAULT_LIMIT,
    After,
    Limit,
    OpenAIConversation,
    OpenAIConversationCreate,
    OpenAIConversationDeleted,
    OpenAIConversationUpdate,
    OpenAIItemsCreate,
    OpenAIList,
    OrderBy,
    list_of,
)
from colloquy.http.openai.ids import stored_id_of
from colloquy.http.openai.items import drafts_from, item_out
from colloquy.http.openai.metadata import metadata_from
from colloquy.http.openai.models import OpenAIModel, OpenAIModels
from colloquy.http.openai.resolver import BASE, OpenAIApi
from colloquy.observability import logger, measure
from colloquy.services.conversations import ConversationDraft, Conversations
from colloquy.services.edits import Edits
from colloquy.services.items import Items

api: Final = OpenAIApi()
lambda_handler: Final = api.handle

Service = Annotated[Conversations, Depends(wiring.conversations)]
ItemService = Annotated[Items, Depends(wiring.items)]
EditService = Annotated[Edits, Depends(wiring.edits)]
Models = Annotated[Sequence[str], Depends(wiring.model_names)]

_EMPTY: Final = OpenAIConversationCreate()


@api.post(f"{BASE}/conversations", tags=["openai"])
def create_openai_conversation(
    caller: CallerId,
    service: Service,
    key: OnceOnly,
    body: OpenAIConversationCreate = _EMPTY,
) -> OpenAIConversation:
    """Create a conversation, with its first items if some are sent; all or nothing."""
    draft = ConversationDraft(
        metadata=metadata_from(body.metadata), items=drafts_from(body.items or (), "items")
    )
    written = service.create(caller, draft, key)
    if not written.replayed:
        logger.info("conversation created", conversation_id=written.value.id)
        measure("ConversationsCreated", 1)
    return OpenAIConversation.of(written.value)


@api.get(f"{BASE}/conversations", tags=["openai"])
def list_openai_conversations(
    caller: CallerId,
    service: Service,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    order: OrderBy = "desc",
) -> OpenAIList:
    """List the caller's conversations by creation, newest first unless asked otherwise."""
    page = service.find(caller, PageRequest(limit, after, order))
    return list_of([OpenAIConversation.of(entry).model_dump() for entry in page.data], page)


@api.get(f"{BASE}/conversations/<conversation_id>", tags=["openai"])
def read_openai_conversation(
    conversation_id: str, caller: CallerId, service: Service
) -> OpenAIConversation:
    """Read a conversation, without its items."""
    return OpenAIConversation.of(service.get(caller, conversation_id))


@api.post(f"{BASE}/conversations/<conversation_id>", tags=["openai"])
def update_openai_conversation(
    conversation_id: str, caller: CallerId, service: Service, body: OpenAIConversationUpdate
) -> OpenAIConversation:
    """Replace a conversation's metadata; null takes all of it away."""
    changes = ConversationChanges(fields={"metadata": metadata_from(body.metadata)})
    written = service.update(caller, conversation_id, changes)
    logger.info("conversation changed", conversation_id=conversation_id)
    return OpenAIConversation.of(written.value)


@api.delete(f"{BASE}/conversations/<conversation_id>", tags=["openai"])
def delete_openai_conversation(
    conversation_id: str, caller: CallerId, service: Service
) -> OpenAIConversationDeleted:
    """Delete a conversation with all its items, for good."""
    service.delete(caller, conversation_id)
    logger.info("conversation deleted", conversation_id=conversation_id)
    measure("ConversationsDeleted", 1)
    return OpenAIConversationDeleted(id=conversation_id)


@api.post(f"{BASE}/conversations/<conversation_id>/items", tags=["openai"])
def create_openai_items(
    conversation_id: str,
    caller: CallerId,
    service: ItemService,
    key: OnceOnly,
    body: OpenAIItemsCreate,
) -> OpenAIList:
    """Append items, all or nothing, in the order sent.

    An id that comes with an item is kept. Sent again, it is refused and nothing is written, so
    that a request that is repeated because its response was lost does no harm.
    """
    drafts = drafts_from(body.items, "items")
    written = service.append(caller, conversation_id, drafts, key, within="items")
    if not written.replayed:
        logger.info("items appended", conversation_id=conversation_id, count=len(drafts))
        measure("MessagesAppended", len(drafts))
    return list_of([item_out(item) for item in written.value])


@api.get(f"{BASE}/conversations/<conversation_id>/items", tags=["openai"])
def list_openai_items(
    conversation_id: str,
    caller: CallerId,
    service: ItemService,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    order: OrderBy = "desc",
) -> OpenAIList:
    """List a conversation's items, newest first unless asked otherwise."""
    if after is not None:
        after = service.stored_id(caller, conversation_id, after, otherwise=stored_id_of(after))
    page = service.find(caller, conversation_id, PageRequest(limit, after, order))
    return list_of([item_out(item) for item in page.data], page)


@api.get(f"{BASE}/conversations/<conversation_id>/items/<item_id>", tags=["openai"])
def read_openai_item(
    conversation_id: str, item_id: str, caller: CallerId, service: ItemService
) -> dict[str, Any]:
    """Read one item, by the id it was given here or by the one that came with it."""
    stored = service.stored_id(caller, conversation_id, item_id, otherwise=stored_id_of(item_id))
    return item_out(service.get(caller, conversation_id, stored))


@api.delete(f"{BASE}/conversations/<conversation_id>/items/<item_id>", tags=["openai"])
def delete_openai_item(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    items: ItemService,
    edits: EditService,
) -> OpenAIConversation:
    """Delete one item; the response is its conversation."""
    stored = items.stored_id(caller, conversation_id, item_id, otherwise=stored_id_of(item_id))
    conversation = edits.delete(caller, conversation_id, stored)
    logger.info("item deleted", conversation_id=conversation_id, item_id=stored)
    return OpenAIConversation.of(conversation)


@api.get(f"{BASE}/models", tags=["openai"])
def list_openai_models(models: Models) -> OpenAIModels:
    """List the models that answer here, by the names a request may give."""
    return OpenAIModels.of(models)


@api.get(f"{BASE}/models/<model>", tags=["openai"])
def read_openai_model(model: str, models: Models) -> OpenAIModel:
    """Read whether a model of this name answers here."""
    return OpenAIModel.named(unquote(model), models)

"""The conversations endpoints: create, list, open, change and delete."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query

from colloquy import wiring
from colloquy.domain.errors import ConflictError, NotFoundError
from colloquy.domain.page import DEFAULT_LIMIT, PageRequest
from colloquy.http.answers import refuses
from colloquy.http.caller import CallerId
from colloquy.http.conditions import IfMatch, OnceOnly, revisions
from colloquy.http.conversations import (
    ConversationCreate,
    ConversationOut,
    ConversationPatch,
    OpenConversationOut,
)
from colloquy.http.deletions import AllDeletedOut, BulkDelete, BulkDeleteOut
from colloquy.http.models import After, ArchivedFilter, Limit, ListOut, OrderBy, list_of
from colloquy.http.resolver import Api, answer, no_content
from colloquy.observability import logger, measure
from colloquy.services.conversations import Conversations
from colloquy.services.deletion import Deletions

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Conversations, Depends(wiring.conversations)]
DeletionService = Annotated[Deletions, Depends(wiring.deletions)]

_UNTITLED: Final = ConversationCreate()
"""What a POST without a body asks for."""


@api.post("/v1/conversations", status_code=201, tags=["conversations"])
@refuses(ConflictError, NotFoundError)
def create_conversation(
    caller: CallerId, service: Service, once: OnceOnly, body: ConversationCreate = _UNTITLED
) -> Response[ConversationOut]:
    """Create a conversation, with its first messages if some are sent.

    Without a title it gets one from its first user message. All or nothing: where a message or the
    project is refused, there is no conversation either.
    """
    written = service.create(caller, body.draft(), once)
    conversation = written.value
    if not written.replayed:
        logger.info("conversation created", conversation_id=conversation.id)
        measure("ConversationsCreated", 1)
    return answer(
        ConversationOut.model_validate(conversation),
        status=201,
        replayed=written.replayed,
        location=f"/v1/conversations/{conversation.id}",
        etag=conversation.etag,
    )


@api.get("/v1/conversations", tags=["conversations"])
def list_conversations(
    caller: CallerId,
    service: Service,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    order: OrderBy = "desc",
    archived: ArchivedFilter = "false",
    project_id: Annotated[str | None, Query(description="Only those filed in it.")] = None,
) -> ListOut[ConversationOut]:
    """List the caller's conversations by creation.

    Those out of sight (`archived`) are left out unless asked for. The newest stand first.
    """
    page = service.find(caller, PageRequest(limit, after, order), archived, project_id)
    return list_of(ConversationOut, page.data, next_after=page.next_after)


@api.get("/v1/conversations/<conversation_id>", tags=["conversations"])
def open_conversation(
    conversation_id: str, caller: CallerId, service: Service, order: OrderBy = "asc"
) -> Response[OpenConversationOut]:
    """Open a conversation with its messages, as many as one answer holds.

    As many as fit an answer of 5 MB; where some are left, `items_next_after` is what
    GET …/items takes as `after`.
    """
    conversation, items = service.open(caller, conversation_id, order)
    return answer(OpenConversationOut.of(conversation, items), etag=conversation.etag)


@api.patch("/v1/conversations/<conversation_id>", tags=["conversations"])
def update_conversation(
    conversation_id: str,
    caller: CallerId,
    service: Service,
    body: ConversationPatch,
    if_match: IfMatch = None,
) -> Response[ConversationOut]:
    """Change what is sent of a conversation.

    A field left out stays as it is, and `metadata` replaces what was there. A title set here is
    never replaced by an automatic one.
    """
    written = service.update(caller, conversation_id, body.changes(), revisions(if_match))
    logger.info("conversation changed", conversation_id=conversation_id)
    return answer(ConversationOut.model_validate(written.value), etag=written.value.etag)


@api.post("/v1/conversations/<conversation_id>", tags=["conversations"])
@refuses(ConflictError)
def update_conversation_by_post(
    conversation_id: str,
    caller: CallerId,
    service: Service,
    once: OnceOnly,
    body: ConversationPatch,
    if_match: IfMatch = None,
) -> Response[ConversationOut]:
    """Change what is sent of a conversation, from clients that cannot send a PATCH.

    Takes and answers what PATCH does.
    """
    written = service.update(caller, conversation_id, body.changes(), revisions(if_match), once)
    if not written.replayed:
        logger.info("conversation changed", conversation_id=conversation_id)
    return answer(
        ConversationOut.model_validate(written.value),
        replayed=written.replayed,
        etag=written.value.etag,
    )


@api.delete("/v1/conversations/<conversation_id>", status_code=204, tags=["conversations"])
def delete_conversation(
    conversation_id: str, caller: CallerId, service: Service, if_match: IfMatch = None
) -> Response[None]:
    """Delete a conversation for good.

    With the answer it is gone for every reader: its messages, their versions and its links. What is
    left of it is erased soon after. A second time it is a 404.
    """
    service.delete(caller, conversation_id, revisions(if_match))
    logger.info("conversation deleted", conversation_id=conversation_id)
    measure("ConversationsDeleted", 1)
    return no_content()


@api.post("/v1/conversations/bulk-delete", tags=["conversations"])
def delete_conversations(
    caller: CallerId, service: DeletionService, once: OnceOnly, body: BulkDelete
) -> Response[BulkDeleteOut]:
    """Delete up to 100 conversations for good; the ids that could not be are in the answer.

    It never fails as a whole for one id. What is deleted is gone for every reader with the answer.
    """
    written = service.delete_many(caller, body.conversation_ids, once)
    if not written.replayed:
        deleted, failed = written.value.deleted, written.value.failed
        logger.info("conversations deleted", conversation_ids=deleted, failed_count=len(failed))
        measure("ConversationsDeleted", len(deleted))
    return answer(BulkDeleteOut.of(written.value), replayed=written.replayed)


@api.delete("/v1/conversations", tags=["conversations"])
def delete_all_conversations(caller: CallerId, service: DeletionService) -> AllDeletedOut:
    """Delete all of the caller's conversations for good.

    Those that are there as the request comes in. Where they are more than one request can delete,
    the answer is a 503, and the same request goes on.
    """
    count = service.delete_all(caller)
    logger.info("all conversations deleted", count=count)
    measure("ConversationsDeleted", count)
    return AllDeletedOut(deleted_count=count)

"""The messages endpoints: append, list, read, edit, restore and delete."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query

from colloquy import wiring
from colloquy.domain.errors import ConflictError, ConversationFullError
from colloquy.domain.item import MAX_CALL_ID, Item
from colloquy.domain.page import DEFAULT_LIMIT, PageRequest
from colloquy.domain.receipt import Written
from colloquy.http.answers import refuses
from colloquy.http.caller import CallerId
from colloquy.http.conditions import IfMatch, OnceOnly, revisions
from colloquy.http.items import ItemCreate, ItemEdit, ItemOut, ItemsBody
from colloquy.http.models import After, Limit, ListOut, OrderBy, list_of
from colloquy.http.resolver import Api, answer, no_content
from colloquy.http.versions import VersionListOut, versions_out
from colloquy.observability import logger, measure
from colloquy.services.edits import Edits
from colloquy.services.items import Items

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Items, Depends(wiring.items)]
EditService = Annotated[Edits, Depends(wiring.edits)]

_VERSION_AFTER: Final = Query(description="The version behind which the page begins.")
_CALL_ID: Final = Query(
    min_length=1,
    max_length=MAX_CALL_ID,
    description="Only those with this reference of the client's.",
)


@api.post("/v1/conversations/<conversation_id>/items", status_code=201, tags=["items"])
@refuses(ConflictError, ConversationFullError)
def append_items(
    conversation_id: str, caller: CallerId, service: Service, once: OnceOnly, body: ItemsBody
) -> Response[ItemOut | ListOut[ItemOut]]:
    """Append one message, or several in one go.

    Several are written all or nothing, in the order sent, and the answer is their list. A
    conversation holds 10,000 messages; one message 358,400 bytes of UTF-8 JSON.
    """
    sent, within = ([body], None) if isinstance(body, ItemCreate) else (body.items, "items")
    drafts = [item.draft() for item in sent]
    written = service.append(caller, conversation_id, drafts, once, within=within)
    items, replayed = written.value, written.replayed
    if not replayed:
        logger.info("items appended", conversation_id=conversation_id, count=len(items))
        measure("MessagesAppended", len(items))
    if not isinstance(body, ItemCreate):
        return answer(list_of(ItemOut, items), status=201, replayed=replayed)
    return answer(
        ItemOut.model_validate(items[0]),
        status=201,
        replayed=replayed,
        location=f"/v1/conversations/{conversation_id}/items/{items[0].id}",
        etag=items[0].etag,
    )


@api.get("/v1/conversations/<conversation_id>/items", tags=["items"])
def list_items(
    conversation_id: str,
    caller: CallerId,
    service: Service,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    order: OrderBy = "desc",
    call_id: Annotated[str | None, _CALL_ID] = None,
) -> ListOut[ItemOut]:
    """List a conversation's messages in the order they were written, or newest first.

    Newest first unless asked otherwise. `call_id` finds those with that reference of the client's.
    """
    page = service.find(caller, conversation_id, PageRequest(limit, after, order), call_id)
    return list_of(ItemOut, page.data, next_after=page.next_after)


@api.get("/v1/conversations/<conversation_id>/items/<item_id>", tags=["items"])
def read_item(
    conversation_id: str, item_id: str, caller: CallerId, service: Service
) -> Response[ItemOut]:
    """Read one message.

    Also by its id with `msg_` in place of `item_`.
    """
    item = service.get(caller, conversation_id, item_id)
    return answer(ItemOut.model_validate(item), etag=item.etag)


@api.put("/v1/conversations/<conversation_id>/items/<item_id>/edit", tags=["items"])
@refuses(ConflictError)
def edit_item(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    service: EditService,
    body: ItemEdit,
    if_match: IfMatch = None,
) -> Response[ItemOut]:
    """Give a message another text; what it said before stays as a version.

    It keeps its id and its place, and the messages after it stay.
    """
    written = service.edit(caller, conversation_id, item_id, body.text, revisions(if_match))
    return _rewritten(conversation_id, written)


@api.post("/v1/conversations/<conversation_id>/items/<item_id>/edit", tags=["items"])
@refuses(ConflictError)
def edit_item_by_post(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    service: EditService,
    once: OnceOnly,
    body: ItemEdit,
    if_match: IfMatch = None,
) -> Response[ItemOut]:
    """Give a message another text, from clients that cannot send a PUT.

    Takes and answers what PUT does.
    """
    precondition = revisions(if_match)
    written = service.edit(caller, conversation_id, item_id, body.text, precondition, once)
    return _rewritten(conversation_id, written)


@api.get("/v1/conversations/<conversation_id>/items/<item_id>/versions", tags=["items"])
def list_versions(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    service: EditService,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[str | None, _VERSION_AFTER] = None,
) -> VersionListOut:
    """List every text a message has had, newest first, the current one included.

    The cursor is a version's number.
    """
    page = PageRequest(limit, after)
    return versions_out(service.versions(caller, conversation_id, item_id, page))


@api.post(
    "/v1/conversations/<conversation_id>/items/<item_id>/versions/<version>/restore",
    tags=["items"],
)
@refuses(ConflictError)
def restore_version(
    conversation_id: str,
    item_id: str,
    version: str,
    caller: CallerId,
    service: EditService,
    once: OnceOnly,
) -> Response[ItemOut]:
    """Give a message a text it has had before, as a new version.

    The version it is taken from stays where it is.
    """
    written = service.restore(caller, conversation_id, item_id, version, once)
    return _rewritten(conversation_id, written)


@api.delete("/v1/conversations/<conversation_id>/items/<item_id>", status_code=204, tags=["items"])
@refuses(ConflictError)
def delete_item(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    service: EditService,
    if_match: IfMatch = None,
) -> Response[None]:
    """Delete one message with its versions; the others stay.

    The conversation's `item_count` goes down by one; a second time it is a 404.
    """
    service.delete(caller, conversation_id, item_id, revisions(if_match))
    logger.info("item deleted", conversation_id=conversation_id, item_id=item_id)
    return no_content()


def _rewritten(conversation_id: str, written: Written[Item]) -> Response[ItemOut]:
    item = written.value
    if not written.replayed:
        logger.info(
            "item rewritten",
            conversation_id=conversation_id,
            item_id=item.id,
            version=item.version,
        )
    return answer(ItemOut.model_validate(item), replayed=written.replayed, etag=item.etag)

"""The messages endpoints: append, list and read."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query

from colloquy import wiring
from colloquy.domain.page import DEFAULT_LIMIT, PageRequest
from colloquy.http.caller import CallerId
from colloquy.http.conditions import OnceOnly
from colloquy.http.items import ItemCreate, ItemOut, ItemsBody
from colloquy.http.models import After, Limit, ListOut, OrderBy, list_of
from colloquy.http.resolver import Api, answer
from colloquy.observability import logger
from colloquy.services.items import Items

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Items, Depends(wiring.items)]

_CALL_ID: Final = Query(description="Only those with this reference of the client's.")


@api.post("/v1/conversations/<conversation_id>/items", status_code=201, tags=["items"])
def append_items(
    conversation_id: str, caller: CallerId, service: Service, once: OnceOnly, body: ItemsBody
) -> Response[ItemOut | ListOut[ItemOut]]:
    """Append one message, or several in one go."""
    sent = [body] if isinstance(body, ItemCreate) else body.items
    written = service.append(caller, conversation_id, [item.draft() for item in sent], once)
    items, replayed = written.value, written.replayed
    if not replayed:
        logger.info("items appended", conversation_id=conversation_id, count=len(items))
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
    """List a conversation's messages in the order they were written, or newest first."""
    page = service.find(caller, conversation_id, PageRequest(limit, after, order), call_id)
    return list_of(ItemOut, page.data, has_more=page.has_more)


@api.get("/v1/conversations/<conversation_id>/items/<item_id>", tags=["items"])
def read_item(
    conversation_id: str, item_id: str, caller: CallerId, service: Service
) -> Response[ItemOut]:
    """Read one message."""
    item = service.get(caller, conversation_id, item_id)
    return answer(ItemOut.model_validate(item), etag=item.etag)

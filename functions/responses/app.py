"""The endpoints that ask a model: respond to new messages, and regenerate a message."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.domain.errors import (
    ConflictError,
    ConversationFullError,
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from colloquy.http.answers import refuses
from colloquy.http.caller import CallerId
from colloquy.http.conditions import OnceOnly
from colloquy.http.items import ItemOut
from colloquy.http.models import ListOut, list_of
from colloquy.http.resolver import Api, answer
from colloquy.http.responses import Regenerate, ResponseCreate
from colloquy.observability import logger, measure
from colloquy.services.regeneration import Regenerations
from colloquy.services.responses import Responses

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Responses, Depends(wiring.responses)]
RegenerationService = Annotated[Regenerations, Depends(wiring.regenerations)]

_TO_WHAT_IS_THERE: Final = ResponseCreate()
_AS_WE_LIKE: Final = Regenerate()
"""What a POST without a body asks for."""


@api.post("/v1/conversations/<conversation_id>/responses", status_code=201, tags=["responses"])
@refuses(
    ConflictError,
    ConversationFullError,
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
)
def create_response(
    conversation_id: str,
    caller: CallerId,
    service: Service,
    once: OnceOnly,
    body: ResponseCreate = _TO_WHAT_IS_THERE,
) -> Response[ListOut[ItemOut]]:
    """Send new messages and have a model respond to them; both are written together.

    The answer is their list, the model's message last. Without new messages the model responds to
    those that are there. It reads the newest that fit its context; the project's instructions are
    its system prompt. Nothing is written before the model has answered, so a failure changes
    nothing.
    """
    within = "items" if body.items is not None else None
    written = service.respond(
        caller, conversation_id, body.drafts(), body.parameters(), once, within=within
    )
    items = written.value
    if not written.replayed:
        logger.info(
            "response written",
            conversation_id=conversation_id,
            item_id=items[-1].id,
            count=len(items),
            model=items[-1].model,
            status=items[-1].status,
        )
        measure("MessagesAppended", len(items))
    return answer(
        list_of(ItemOut, items),
        status=201,
        replayed=written.replayed,
        location=f"/v1/conversations/{conversation_id}/items/{items[-1].id}",
    )


@api.post("/v1/conversations/<conversation_id>/items/<item_id>/regenerate", tags=["items"])
@refuses(ConflictError, InvalidRequestError, ModelError, ModelTimeoutError, ModelUnavailableError)
def regenerate_item(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    service: RegenerationService,
    once: OnceOnly,
    body: Regenerate = _AS_WE_LIKE,
) -> Response[ItemOut]:
    """Have a model write an assistant's message anew; what it said before stays as a version.

    It reads the messages before that one; the project's instructions are its system prompt. The
    messages after it stay. Nothing is written before the model has answered, so a failure changes
    nothing.
    """
    written = service.regenerate(caller, conversation_id, item_id, body.parameters(), once)
    item = written.value
    if not written.replayed:
        logger.info(
            "item regenerated",
            conversation_id=conversation_id,
            item_id=item.id,
            version=item.version,
            model=item.model,
        )
        measure("MessagesRegenerated", 1)
    return answer(ItemOut.model_validate(item), replayed=written.replayed, etag=item.etag)

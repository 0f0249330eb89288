"""The endpoint that has a model write a message anew."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.domain.errors import (
    ConflictError,
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from colloquy.http.answers import refuses
from colloquy.http.caller import CallerId
from colloquy.http.conditions import OnceOnly
from colloquy.http.items import ItemOut
from colloquy.http.resolver import Api, answer
from colloquy.http.versions import Regenerate
from colloquy.observability import logger, measure
from colloquy.services.regeneration import Regenerations

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Regenerations, Depends(wiring.regenerations)]

_AS_WE_LIKE: Final = Regenerate()
"""What a POST without a body asks for."""


@api.post("/v1/conversations/<conversation_id>/items/<item_id>/regenerate", tags=["items"])
@refuses(ConflictError, InvalidRequestError, ModelError, ModelTimeoutError, ModelUnavailableError)
def regenerate_item(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    service: Service,
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

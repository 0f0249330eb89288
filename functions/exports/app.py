"""The export endpoint: a conversation as a file."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.http.address import BaseUrl
from colloquy.http.caller import CallerId
from colloquy.http.download import Address, as_json, as_text
from colloquy.http.exports import ConversationExport, ExportAfter, FormatAsked
from colloquy.http.resolver import Api
from colloquy.observability import logger
from colloquy.services.exports import Exports

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Exports, Depends(wiring.exports)]


@api.get("/v1/conversations/<conversation_id>/export", tags=["conversations"])
def export_conversation(
    conversation_id: str,
    caller: CallerId,
    service: Service,
    base: BaseUrl,
    form: FormatAsked = "json",
    after: ExportAfter = None,
) -> Response[ConversationExport | str]:
    """Give a conversation out as a file: JSON that can be imported, or Markdown or HTML to read.

    A long one comes in parts: where `next_after` (in JSON) and the header `Link` name another, it
    is got with `after`.
    """
    address = Address(base, conversation_id, form)
    if form == "json":
        reply = as_json(service.part(caller, conversation_id, after), address)
    else:
        conversation, items = service.messages(caller, conversation_id, after)
        reply = as_text(conversation, items, after, address)
    logger.info("conversation exported", conversation_id=conversation_id, format=form)
    return reply

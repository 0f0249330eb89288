"""The import endpoint: a conversation from what an export gave."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.domain.errors import ConflictError, InvalidRequestError, NotFoundError
from colloquy.domain.imports import Import
from colloquy.http.answers import refuses
from colloquy.http.caller import CallerId
from colloquy.http.conditions import OnceOnly
from colloquy.http.conversations import ConversationOut
from colloquy.http.imports import ConversationImport, ImportId, ImportOut
from colloquy.http.resolver import Api, answer
from colloquy.observability import logger, measure
from colloquy.services.imports import Imports

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Imports, Depends(wiring.imports)]


@api.post("/v1/conversations/import", status_code=201, tags=["conversations"])
@refuses(ConflictError, InvalidRequestError, NotFoundError)
def import_conversation(
    caller: CallerId,
    service: Service,
    once: OnceOnly,
    body: ConversationImport,
    import_id: ImportId = None,
) -> Response[ConversationOut | ImportOut]:
    """Import an export: 201 with the conversation, 202 while parts of it are missing.

    Everything is kept but the ids: every version, every time. A part that comes again writes
    nothing new. The 202 says where to go on: send what comes behind its `next_after`, with
    `import_id`. Nobody sees the conversation before the last part has come.
    """
    written = service.take(caller, body.part(), import_id, once)
    value, replayed = written.value, written.replayed
    if isinstance(value, Import):
        logger.info("part imported", conversation_id=value.id, count=value.item_count)
        return answer(ImportOut.of(value), status=202, replayed=replayed)
    if not replayed:
        logger.info("conversation imported", conversation_id=value.id, count=value.item_count)
        measure("ConversationsCreated", 1)
    return answer(
        ConversationOut.model_validate(value),
        status=201,
        replayed=replayed,
        location=f"/v1/conversations/{value.id}",
        etag=value.etag,
    )

"""The OpenAI dialect's endpoints that ask a model: chat completions and responses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.domain import ids
from colloquy.domain.errors import ModelError, ModelTimeoutError, ModelUnavailableError
from colloquy.http.answers import refuses
from colloquy.http.caller import CallerId
from colloquy.http.openai.chat import ChatCompletionCreate, Completion, completion_events
from colloquy.http.openai.errors import ModelNotFoundError, require_model
from colloquy.http.openai.metadata import metadata_from
from colloquy.http.openai.resolver import BASE, EVENT_STREAM, OpenAIApi
from colloquy.http.openai.turns import turns_from
from colloquy.http.resolver import JSON
from colloquy.observability import logger
from colloquy.services.responses import Responses

api: Final = OpenAIApi()
lambda_handler: Final = api.handle

Service = Annotated[Responses, Depends(wiring.responses)]
ModelNames = Annotated[Sequence[str], Depends(wiring.model_names)]


@api.post(f"{BASE}/chat/completions", tags=["openai"])
@refuses(ModelError, ModelNotFoundError, ModelTimeoutError, ModelUnavailableError)
def create_chat_completion(
    caller: CallerId, service: Service, names: ModelNames, body: ChatCompletionCreate
) -> Response[Any]:
    """Have a model continue the messages sent; nothing is kept unless ``store`` says so.

    With `stream` the response is an event stream in the order of OpenAI's.
    """
    require_model(body.model, names)
    answer = service.complete(body.parameters(), turns_from(body.messages))
    now = datetime.now(UTC)
    completion = Completion(
        id=f"chatcmpl-{ids.mint('chatcmpl', now).partition('_')[2]}",
        created_at=now,
        answer=answer,
        metadata=metadata_from(body.metadata),
    )
    logger.info("chat completed", completion_id=completion.id, model=answer.model)
    if body.stream:
        events = completion_events(completion, include_usage=body.include_usage)
        return Response(status_code=200, content_type=EVENT_STREAM, body="".join(events))
    return Response(status_code=200, content_type=JSON, body=completion.out())

"""The OpenAI dialect's conversations, their items, and models."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.http.openai.conversations import (
    OpenAIConversationCreate,
)
from colloquy.http.openai.resolver import OpenAIApi
from colloquy.services.conversations import Conversations
from colloquy.services.edits import Edits
from colloquy.services.items import Items

api: Final = OpenAIApi()
lambda_handler: Final = api.handle

Service = Annotated[Conversations, Depends(wiring.conversations)]
ItemService = Annotated[Items, Depends(wiring.items)]
EditService = Annotated[Edits, Depends(wiring.edits)]

_EMPTY: Final = OpenAIConversationCreate()

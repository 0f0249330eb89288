"""The OpenAI dialect's conversations, their items, and models."""

from typing import Annotated, Any, Final

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
from colloquy.http.openai.items import drafts_from, item_out
from colloquy.http.openai.metadata import metadata_from
from colloquy.http.openai.resolver import OpenAIApi
from colloquy.observability import logger, measure
from colloquy.services.conversations import ConversationDraft, Conversations
from colloquy.services.edits import Edits
from colloquy.services.items import Items

api: Final = OpenAIApi()
lambda_handler: Final = api.handle

Service = Annotated[Conversations, Depends(wiring.conversations)]
ItemService = Annotated[Items, Depends(wiring.items)]
EditService = Annotated[Edits, Depends(wiring.edits)]

_EMPTY: Final = OpenAIConversationCreate()

"""The share links endpoints: make, list and revoke links, and what signed-in viewers do."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy import wiring
from colloquy.domain.errors import (
    ConflictError,
    ConversationFullError,
    InvalidRequestError,
    ReadOnlyError,
    ShareExpiredError,
    ShareFullError,
    TooLargeError,
)
from colloquy.domain.page import DEFAULT_LIMIT, PageRequest
from colloquy.http.address import BaseUrl, link_url
from colloquy.http.answers import refuses
from colloquy.http.caller import CallerId
from colloquy.http.conditions import OnceOnly
from colloquy.http.conversations import ConversationOut
from colloquy.http.items import ItemOut
from colloquy.http.models import After, Limit, ListOut, list_of
from colloquy.http.resolver import Api, answer, no_content
from colloquy.http.shares import (
    GuestItemCreate,
    MessageShareCreate,
    MessageShareMade,
    ShareCreate,
    ShareMade,
    ShareOut,
)
from colloquy.observability import logger, measure
from colloquy.services.guests import Guests
from colloquy.services.shares import Shares

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Shares, Depends(wiring.shares)]
GuestService = Annotated[Guests, Depends(wiring.guests)]

_DEFAULTS: Final = ShareCreate()
_MESSAGE_DEFAULTS: Final = MessageShareCreate()
"""What POSTs without a body ask for."""


@api.post("/v1/conversations/<conversation_id>/share", status_code=201, tags=["shares"])
def share_conversation(
    conversation_id: str,
    caller: CallerId,
    service: Service,
    once: OnceOnly,
    base: BaseUrl,
    body: ShareCreate = _DEFAULTS,
) -> Response[ShareMade]:
    """Make a link that shows a conversation as it is now to everyone who has it.

    The `url` opens for anyone, without a token, as a page, as JSON or as Markdown. Later messages
    and edits do not show; what is deleted is gone from it at once.
    """
    written = service.create(caller, conversation_id, body.draft(), once)
    if not written.replayed:
        # Not the link's id: whoever reads logs could open it.
        logger.info("conversation shared", conversation_id=conversation_id)
        measure("SharesCreated", 1)
    made = ShareMade.of(written.value, base)
    return answer(made, status=201, replayed=written.replayed, location=made.url)


@api.post(
    "/v1/conversations/<conversation_id>/items/<item_id>/share", status_code=201, tags=["shares"]
)
@refuses(InvalidRequestError)
def share_item(
    conversation_id: str,
    item_id: str,
    caller: CallerId,
    service: Service,
    once: OnceOnly,
    base: BaseUrl,
    body: MessageShareCreate = _MESSAGE_DEFAULTS,
) -> Response[MessageShareMade]:
    """Make a link that shows one message as it is now to everyone who has it.

    A user's or an assistant's message; with `include_context` the nearest user message before it is
    shown too.
    """
    written = service.create_for_message(caller, conversation_id, item_id, body.draft(), once)
    if not written.replayed:
        logger.info("item shared", conversation_id=conversation_id, item_id=item_id)
        measure("SharesCreated", 1)
    made = MessageShareMade.of(written.value, base)
    return answer(made, status=201, replayed=written.replayed, location=made.url)


@api.get("/v1/conversations/<conversation_id>/shares", tags=["shares"])
def list_conversation_shares(
    conversation_id: str,
    caller: CallerId,
    service: Service,
    base: BaseUrl,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> ListOut[ShareOut]:
    """List the links to a conversation and its messages that still work.

    Sorted by id, each with how often it was opened.
    """
    page = service.find(caller, PageRequest(limit, after), conversation_id)
    listed = [ShareOut.of(each, base) for each in page.data]
    return list_of(ShareOut, listed, next_after=page.next_after)


@api.get("/v1/shares", tags=["shares"])
def list_shares(
    caller: CallerId,
    service: Service,
    base: BaseUrl,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> ListOut[ShareOut]:
    """List the caller's links that still work.

    Sorted by id, each with how often it was opened.
    """
    page = service.find(caller, PageRequest(limit, after))
    listed = [ShareOut.of(each, base) for each in page.data]
    return list_of(ShareOut, listed, next_after=page.next_after)


@api.delete(
    "/v1/conversations/<conversation_id>/share/<share_id>", status_code=204, tags=["shares"]
)
@api.delete(
    "/v1/conversations/<conversation_id>/shares/<share_id>",
    status_code=204,
    tags=["shares"],
    operation_id="revoke_conversation_share_in_shares",
)
def revoke_conversation_share(
    conversation_id: str, share_id: str, caller: CallerId, service: Service
) -> Response[None]:
    """Revoke a link: nobody can open it any more.

    From the answer on it is a 404 for everyone.
    """
    service.revoke(caller, share_id, conversation_id)
    logger.info("share link revoked", conversation_id=conversation_id)
    return no_content()


@api.delete("/v1/shares/<share_id>", status_code=204, tags=["shares"])
def revoke_share(share_id: str, caller: CallerId, service: Service) -> Response[None]:
    """Revoke a link by its id alone.

    From the answer on it is a 404 for everyone.
    """
    service.revoke(caller, share_id)
    logger.info("share link revoked")
    return no_content()


@api.post("/v1/shares/<share_id>/fork", status_code=201, tags=["shares"])
@refuses(ConflictError, ShareExpiredError, TooLargeError)
def fork_share(
    share_id: str, caller: CallerId, service: GuestService, once: OnceOnly
) -> Response[ConversationOut]:
    """Copy what a link shows into a conversation of the caller's own.

    Needs only the link's id. The copy is the caller's: private, without links, and free to go on.
    """
    written = service.fork(caller, share_id, once)
    conversation = written.value
    if not written.replayed:
        logger.info("share link forked", conversation_id=conversation.id)
        measure("ConversationsCreated", 1)
    return answer(
        ConversationOut.model_validate(conversation),
        status=201,
        replayed=written.replayed,
        location=f"/v1/conversations/{conversation.id}",
        etag=conversation.etag,
    )


@api.post("/v1/shares/<share_id>/items", status_code=201, tags=["shares"])
@refuses(ConflictError, ConversationFullError, ReadOnlyError, ShareExpiredError, ShareFullError)
def append_through_share(
    share_id: str,
    caller: CallerId,
    service: GuestService,
    once: OnceOnly,
    base: BaseUrl,
    body: GuestItemCreate,
) -> Response[ItemOut]:
    """Write a message into the conversation behind a link that is not read-only.

    Every viewer of the link sees the message; its owner sees in `author` who wrote it. All
    viewers together can write 1,000 messages through a link, and 60 in a minute.
    """
    written = service.append(caller, share_id, body.draft(), once)
    item = written.value
    if not written.replayed:
        logger.info("item appended through a share link", item_id=item.id)
        measure("MessagesAppended", 1)
    return answer(
        ItemOut.model_validate(item),
        status=201,
        replayed=written.replayed,
        location=link_url(base, share_id),
        etag=item.etag,
    )

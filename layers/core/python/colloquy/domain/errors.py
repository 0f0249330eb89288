"""Everything that can go wrong for a caller, as one tree.

ColloquyError
├── InvalidRequestError         the request can never succeed as it is
│   ├── InvalidCursorError      ``after`` is not an id of the thing listed
│   ├── ItemExistsError         an item's own id is in the conversation already
│   └── TooLargeError           a message or a body over its limit
├── ReadOnlyError               the share link lets nobody write
├── ShareExpiredError           the share link's time is over
├── NotFoundError               absent, deleted, or someone else's: never told apart
├── ConflictError               a lost race that the caller may run again
│   ├── ConversationFullError   the 10,001st message
│   ├── OutOfOrderError         a later message was written first
│   ├── ChangedMeanwhileError   a message got another version since it was read
│   └── IdempotencyMismatchError    the same Idempotency-Key with another request
├── PreconditionFailedError     If-Match names a state that is over
├── UnavailableError            the table did not answer in time; safe to try again
│   └── UnfinishedError         there was more to do than one request can; call again to go on
└── ModelError                  the model's answer cannot be used; nothing was changed
    ├── ModelDeniedError        the provider denies access to the model
    ├── ModelTimeoutError       there was none in time
    └── ModelUnavailableError   no model is set up, or it cannot take a request now

Each carries a sentence for a person, a ``code`` for a program and, where one field is to blame,
its name in ``param``. Which HTTP status each becomes is decided in ``colloquy.http.errors``.
"""


class ColloquyError(Exception):
    """Base of every error a caller may see.

    ``message`` is a sentence that says what was wrong and what is allowed; ``param`` names the
    field to blame (``items[3].role``) or is None.
    """

    code = "invalid_value"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        if code is not None:
            self.code = code


class InvalidRequestError(ColloquyError):
    """The request can never succeed as it is; ``code`` says in which way."""


class InvalidCursorError(InvalidRequestError):
    """The ``after`` of a list is not an id of what is listed."""

    code = "invalid_cursor"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"'after' must be the id of a {kind}, as 'next_after' of the page before gives it.",
            param="after",
        )


class ItemExistsError(InvalidRequestError):
    """An item came with an id that the conversation has already; nothing was written."""

    code = "item_already_in_conversation"

    def __init__(self) -> None:
        super().__init__("Item already in conversation", param="items")


class TooLargeError(InvalidRequestError):
    """A message or a body is over its limit."""

    code = "too_large"


class NotFoundError(ColloquyError):
    """What the caller named is absent, deleted or someone else's; which of these is never told."""

    code = "not_found"

    def __init__(self, kind: str, *, param: str | None = None) -> None:
        self.kind = kind
        super().__init__(
            f"There is no such {kind}. It may have been deleted, or its id may be mistyped.",
            param=param,
        )


class ReadOnlyError(ColloquyError):
    """The share link shows a conversation and lets nobody write into it."""

    code = "read_only"

    def __init__(self) -> None:
        super().__init__("This link is read-only. Fork it to go on in a conversation of your own.")


class ShareExpiredError(ColloquyError):
    """The share link was good until a moment that has passed."""

    code = "share_expired"

    def __init__(self) -> None:
        super().__init__("This link has expired. Ask whoever sent it to you for a new one.")


class ConflictError(ColloquyError):
    """A race with another writer was lost; the same request may win when it is sent again."""

    code = "conflict"


class ConversationFullError(ConflictError):
    """The conversation cannot take that many more messages."""

    code = "conversation_full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"A conversation holds at most {limit:,} messages. Go on in a new conversation."
        )


class ShareFullError(ConflictError):
    """As many messages were written through a link as may be."""

    code = "share_full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Viewers can write {limit:,} messages through a link, and these are written. Ask "
            "whoever sent it to you for a new one, or fork it."
        )


class RateLimitedError(ColloquyError):
    """More is asked for than may be in a time; ``retry_after`` is in seconds."""

    code = "rate_limited"

    def __init__(self, retry_after: int, message: str | None = None) -> None:
        super().__init__(
            message
            or "You have sent too many requests. Wait as many seconds as Retry-After says, then "
            "retry."
        )
        self.retry_after = retry_after


class OutOfOrderError(ConflictError):
    """A message with a later id is there already; ``newest`` is the id to sort behind."""

    def __init__(self, newest: str) -> None:
        super().__init__("Another message was written at the same time. Try again.")
        self.newest = newest


class ChangedMeanwhileError(ConflictError):
    """The message has another version than the one that was read."""

    def __init__(self) -> None:
        super().__init__("The message was changed at the same time. Try again.")


class IdempotencyMismatchError(ConflictError):
    """An Idempotency-Key came back with another request than the one it was first sent with."""

    code = "idempotency_mismatch"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request within the last 24 hours. "
            "Use a new key for a new request.",
            param="Idempotency-Key",
        )


class PreconditionFailedError(ColloquyError):
    """If-Match names a state of the thing that is over."""

    code = "precondition_failed"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"The {kind} has changed since the ETag in If-Match was given. "
            "Read it again and decide anew.",
            param="If-Match",
        )


class UnavailableError(ColloquyError):
    """The table did not answer in time."""

    code = "unavailable"

    def __init__(self) -> None:
        super().__init__("The service is busy. Try again in a moment.")


class UnfinishedError(UnavailableError):
    """There was more to do than fits one request: what is done stays done, a repetition goes on."""

    def __init__(self, so_far: str) -> None:
        super().__init__()
        self.message = f"{so_far} Send the same request again to go on."


class ModelError(ColloquyError):
    """The model failed, or what it answered cannot be used; nothing was changed."""

    code = "model_error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message or "The model failed, or gave no usable answer. Nothing was changed; try again."
        )


class ModelDeniedError(ModelError):
    """The model's provider denies access: its operator has to grant it, or to mend the key."""


class ModelTimeoutError(ModelError):
    """The model did not answer in time."""

    code = "model_timeout"

    def __init__(self) -> None:
        super().__init__(
            "The model did not answer in time. Nothing was changed; try again, with fewer "
            "'max_tokens' or a faster model."
        )


class ModelUnavailableError(ModelError):
    """No model is set up, it cannot be reached, or it takes no more requests at the moment.

    ``retry_after`` is in seconds.
    """

    code = "model_unavailable"

    def __init__(self, message: str | None = None, *, retry_after: int = 5) -> None:
        super().__init__(
            message or "The model takes no requests at the moment. Nothing was changed; try later."
        )
        self.retry_after = retry_after

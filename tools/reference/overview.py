"""What the document says of the API as a whole."""

from typing import Final

DESCRIPTION: Final = """\
Colloquy keeps the conversations of chat applications.

**Who calls.** Every `/v1` path needs `Authorization: Bearer <JWT>`; the claim `sub` is the owner
of what is written and read. Something of another owner looks as if it never was: 404.

**Lists** come in pages: `limit` entries behind the id `after`. `next_after` is the `after` of the
next page, null on the last.

**Done once.** A POST with an `Idempotency-Key` that is sent again within 24 hours gets the first
answer again, with the header `idempotent-replayed: true`, and writes nothing.

**Not over someone else's change.** A conversation, a message and a project have an `ETag`; a
change with `If-Match` that names another state is a 412.

**Errors** have one shape, `Error`: a `message` for a person, a `code` for a program, the `param` to
blame or null, and the `request_id` of the log line. A path that is not served is a 404
(`not_found`); a method that a path does not take is a 405 (`method_not_allowed`) with `Allow`.
What the gateway in front refuses by itself (no valid token, too many requests, too large a
request) has its own shape, `GatewayMessage`.

**Programs written for OpenAI's SDK** keep their conversations here with `/openai/v1` as their
`base_url` and the token as their key; errors there have the shape `OpenAIError`.

**Headers.** Every answer of the API itself has `x-request-id`.
"""

BEARER: Final = (
    "A JSON Web Token, signed with RS256 by the issuer this deployment trusts, for its audience."
)

TAGS: Final = {
    "conversations": "Create, list, open, change and delete conversations.",
    "items": "The messages of a conversation, and the texts each has had.",
    "responses": "What a model says to the messages of a conversation.",
    "projects": "What conversations are filed in.",
    "shares": "Links that show a conversation, or one message, to everyone who has them.",
    "public": "What a link shows; without a token.",
    "openai": "The same conversations as OpenAI's API has them: for programs that use its SDKs.",
    "meta": "What the API says about itself.",
}

"""The examples of the document: one conversation, as it goes on, in every body that shows it."""

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

CONVERSATION_ID: Final = "conv_06h0bfc2dh0p3q61h62ltjv7uk"
PROJECT_ID: Final = "proj_06h0bf9q1k5j2n7r4t8v0a3c6e"
SHARE_ID: Final = "share_7q2v9k4n1c8e5t0b3m6p2r8j4g"
MESSAGE_SHARE_ID: Final = f"msg_{SHARE_ID}"
QUESTION_ID: Final = "item_06h0bfc3mskjjtam52aos5hefs"
ITEM_ID: Final = "item_06h0bia2t5lfh0pps0mt67hgb8"

_AT: Final = "2026-11-23T00:10:35.500487Z"
_LATER: Final = "2026-11-23T00:23:27.250743Z"
_ENDS: Final = "2026-12-23T00:23:27.250743Z"
_URL: Final = "https://api.example.com/conversations/share/"
_ASKED: Final = "What is the capital of France?"
_TOLD: Final = "The capital of France is **Paris**."

CONVERSATION: Final[Json] = {
    "id": CONVERSATION_ID,
    "object": "conversation",
    "title": "What is the capital of France?",
    "title_source": "auto",
    "project_id": PROJECT_ID,
    "metadata": {"channel": "web"},
    "item_count": 2,
    "archived": False,
    "created_at": _AT,
    "updated_at": _LATER,
}
QUESTION: Final[Json] = {
    "id": QUESTION_ID,
    "object": "conversation.item",
    "role": "user",
    "content": _ASKED,
    "call_id": None,
    "status": "completed",
    "version": 1,
    "model": None,
    "created_at": _AT,
    "edited_at": None,
}
ITEM: Final[Json] = {
    **QUESTION,
    "id": ITEM_ID,
    "role": "assistant",
    "content": _TOLD,
    "version": 2,
    "model": "claude-sonnet-4-6",
    "edited_at": _LATER,
    "metadata": {"rated": "good"},
}
OPENAI_ID: Final = "msg_06h0bfc3mskjjtam52aos5hefs"
OPENAI_CONVERSATION: Final[Json] = {
    "id": CONVERSATION_ID,
    "object": "conversation",
    "created_at": 1_795_392_635,
    "metadata": {"channel": "web"},
}
OPENAI_ITEM: Final[Json] = {
    "id": OPENAI_ID,
    "type": "message",
    "status": "completed",
    "role": "user",
    "content": [{"type": "input_text", "text": _ASKED}],
}
OPENAI_MODEL: Final[Json] = {
    "id": "claude-sonnet-4-6",
    "object": "model",
    "created": 1_700_000_000,
    "owned_by": "colloquy",
}
PROJECT: Final[Json] = {
    "id": PROJECT_ID,
    "object": "project",
    "title": "Geography",
    "description": "Questions about countries.",
    "instructions": "Answer in one sentence.",
    "created_at": _AT,
    "updated_at": _AT,
}
_MADE: Final[Json] = {"share_id": SHARE_ID, "url": _URL + SHARE_ID, "expires_at": _ENDS}
SHARE: Final[Json] = {
    **_MADE,
    "id": SHARE_ID,
    "object": "share",
    "conversation_id": CONVERSATION_ID,
    "item_id": None,
    "title": "What is the capital of France?",
    "read_only": True,
    "include_context": False,
    "view_count": 3,
    "created_at": _LATER,
}
VIEW: Final[Json] = {
    "object": "share.view",
    "share_id": SHARE_ID,
    "title": "What is the capital of France?",
    "read_only": True,
    "created_at": _LATER,
    "expires_at": _ENDS,
    "items": [
        {
            "id": each["id"],
            "object": "conversation.item",
            "role": each["role"],
            "content": each["content"],
            "through_link": False,
            "created_at": _AT,
        }
        for each in (QUESTION, ITEM)
    ],
    "has_more": False,
    "next_after": None,
}
_VERSIONS: Final = [
    {
        "version": 2,
        "content": _TOLD,
        "model": "claude-sonnet-4-6",
        "created_at": _LATER,
        "current": True,
    },
    {
        "version": 1,
        "content": "I am not sure.",
        "model": None,
        "created_at": _AT,
        "current": False,
    },
]


def _list(data: list[Json], first: str, last: str) -> Json:
    return {
        "object": "list",
        "data": data,
        "first_id": first,
        "last_id": last,
        "has_more": False,
        "next_after": None,
    }


EXPORT: Final[Json] = {
    "object": "conversation.export",
    "format_version": 1,
    "conversation": CONVERSATION,
    "after": None,
    "items": [
        {**QUESTION, "versions": []},
        {
            **ITEM,
            "versions": [
                {"version": 1, "content": "I am not sure.", "model": None, "created_at": _AT}
            ],
        },
    ],
    "next_after": None,
}


ANSWERS: Final[Mapping[str, Json]] = {
    "OpenAIConversation": OPENAI_CONVERSATION,
    "OpenAIConversationDeleted": {
        "id": CONVERSATION_ID,
        "object": "conversation.deleted",
        "deleted": True,
    },
    "OpenAIList": {
        "object": "list",
        "data": [OPENAI_ITEM],
        "first_id": OPENAI_ID,
        "last_id": OPENAI_ID,
        "has_more": False,
    },
    "OpenAIModel": OPENAI_MODEL,
    "OpenAIModels": {"object": "list", "data": [OPENAI_MODEL]},
    "AllDeletedOut": {"object": "conversations.deleted", "deleted": True, "deleted_count": 7},
    "BulkDeleteOut": {
        "deleted_count": 1,
        "failed_count": 1,
        "failed_ids": ["conv_06h0bnotherep3q61h62ltjv7u"],
    },
    "ConversationOut": CONVERSATION,
    "OpenConversationOut": {**CONVERSATION, "items": [QUESTION, ITEM], "items_next_after": None},
    "ListOut_ConversationOut_": _list([CONVERSATION], CONVERSATION_ID, CONVERSATION_ID),
    "ItemOut": ITEM,
    "ListOut_ItemOut_": _list([ITEM, QUESTION], ITEM_ID, QUESTION_ID),
    "ConversationExport": EXPORT,
    "ImportOut": {
        "id": CONVERSATION_ID,
        "object": "conversation.import",
        "item_count": 1,
        "next_after": QUESTION_ID,
        "expires_at": _LATER,
    },
    "VersionListOut": _list(_VERSIONS, "2", "1"),
    "ProjectOut": PROJECT,
    "ListOut_ProjectOut_": _list([PROJECT], PROJECT_ID, PROJECT_ID),
    "ShareMade": {**_MADE, "read_only": True},
    "MessageShareMade": {
        "share_id": MESSAGE_SHARE_ID,
        "url": _URL + MESSAGE_SHARE_ID,
        "expires_at": _ENDS,
        "include_context": True,
    },
    "ListOut_ShareOut_": _list([SHARE], SHARE_ID, SHARE_ID),
    "ViewOut": VIEW,
    "Health": {"status": "ok"},
    "Home": {
        "name": "Colloquy",
        "about": "Colloquy keeps the conversations of chat applications.",
        "status": "ok",
        "docs": "https://api.example.com/docs",
        "openapi": "https://api.example.com/openapi.json",
        "first_call": "curl -H … https://api.example.com/v1/conversations",
    },
}
"""What goes well, by the model that is answered with."""

TEXTS: Final[Mapping[tuple[str, str], Any]] = {
    ("read_openai_item", "application/json"): OPENAI_ITEM,
    ("export_conversation", "text/markdown; charset=utf-8"): f"# {_ASKED}\n\n## User\n\n{_ASKED}\n",
    ("export_conversation", "text/html; charset=utf-8"): "<!doctype html>… to be read …",
    ("open_share", "text/html; charset=utf-8"): "<!doctype html>… the page …",
    ("open_share", "text/markdown; charset=utf-8"): f"# {_ASKED}\n\n## User\n\n{_ASKED}\n",
    ("welcome", "text/html; charset=utf-8"): "<!doctype html>… the page …",
    ("read_reference", "text/html; charset=utf-8"): "<!doctype html>… this page …",
    ("read_document", "application/json"): {
        "openapi": "3.1.0",
        "info": {"title": "Colloquy", "version": "0.1.0"},
        "paths": {},
    },
}
"""What is no model's, by operation and media type."""

_SAY: Final[Json] = {"role": "user", "content": _ASKED}
_CALL: Final[Json] = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "look_up", "arguments": '{"country": "France"}'},
}
_PARTS: Final[Json] = {
    "role": "user",
    "content": [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": "https://example.com/tower.png"},
    ],
}

REQUESTS: Final[Mapping[str, Mapping[str, Json]]] = {
    "create_openai_conversation": {
        "empty": {},
        "with_items": {
            "metadata": {"channel": "web"},
            "items": [{"type": "message", "role": "user", "content": _ASKED}],
        },
    },
    "update_openai_conversation": {"replaced": {"metadata": {"channel": "mail"}}},
    "create_openai_items": {
        "call_and_output": {
            "items": [
                {
                    "type": "function_call",
                    "call_id": "call_1",
                    "name": "weather",
                    "arguments": '{"city": "Paris"}',
                },
                {"type": "function_call_output", "call_id": "call_1", "output": "12 °C"},
            ]
        },
    },
    "create_conversation": {
        "empty": {},
        "titled": {"title": "My First Conversation"},
        "with_messages": {
            "project_id": PROJECT_ID,
            "metadata": {"channel": "web"},
            "items": [_SAY],
        },
    },
    "update_conversation": {
        "rename": {"title": "Capitals"},
        "take_out_of_its_project": {"project_id": None},
        "archive": {"archived": True},
    },
    "delete_conversations": {"two": {"conversation_ids": [CONVERSATION_ID, f"conv_{'0' * 26}"]}},
    "import_conversation": {"exported": EXPORT},
    "append_items": {
        "one": _SAY,
        "parts": _PARTS,
        "several": {
            "items": [
                {"role": "assistant", "content": "Let me look.", "call_id": "call_1"},
                {"role": "tool", "content": '{"capital": "Paris"}', "call_id": "call_1"},
            ]
        },
        "chat": {
            "items": [
                {"role": "assistant", "content": None, "tool_calls": [_CALL]},
                {"role": "tool", "content": '{"capital": "Paris"}', "tool_call_id": "call_1"},
            ]
        },
    },
    "edit_item": {
        "text": {"content": "Paris, of course."},
        "parts": {"content": _PARTS["content"]},
    },
    "create_response": {
        "content": {"content": "And of Italy?"},
        "items": {
            "items": [
                {"role": "developer", "content": "Answer in one word."},
                {"role": "user", "content": "And of Italy?"},
            ],
            "temperature": 0.2,
        },
        "to_what_is_there": {"max_tokens": 100},
    },
    "regenerate_item": {
        "as_set_up": {},
        "shorter": {"instructions": "In five words.", "temperature": 0.2, "max_tokens": 100},
    },
    "create_project": {
        "titled": {"title": "Geography"},
        "other_names": {"name": "Geography", "instruction": "Answer in one sentence."},
    },
    "update_project": {"rename": {"title": "Capitals"}, "no_description": {"description": None}},
    "share_conversation": {
        "as_usual": {},
        "for_a_day": {"expires_in": 86_400, "read_only": True},
        "to_write_in": {"read_only": False, "title": "Ask us"},
    },
    "share_item": {"as_usual": {}, "with_the_question": {"include_context": True}},
    "append_through_share": {"question": {"content": "And of Italy?"}},
}
"""What is sent, by operation."""

ALIASES: Final[Mapping[str, str]] = {
    "update_conversation_by_post": "update_conversation",
    "edit_item_by_post": "edit_item",
}
"""Operations that take what another one takes."""

LENIENT: Final = frozenset(
    {"create_openai_conversation", "update_openai_conversation", "create_openai_items"}
)
"""Operations that ignore fields they do not know, as OpenAI's clients send some."""

PARAMETERS: Final[Mapping[str, Any]] = {
    "call_id": "call_1",
    "project_id": PROJECT_ID,
    "import_id": CONVERSATION_ID,
    "If-Match": '"3"',
    "If-None-Match": 'W/"5f0c1d2e3b4a59687786950a1b2c3d4e"',
    "format": "json",
    "page": "2",
}


def requests_of(operation_id: str) -> Mapping[str, Json]:
    """Return the bodies that show what an operation takes."""
    return REQUESTS[ALIASES.get(operation_id, operation_id)]

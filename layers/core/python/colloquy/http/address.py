"""The address of a share link: the public base URL, or where the request itself came to."""

import re
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy.settings import Settings

_HOST: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[0-9A-Za-z.-]+)(:\d{1,5})?")


def base_url(request: Request) -> str:
    """Return what the addresses of this API begin with, without a slash at the end."""
    configured = Settings.from_environment().public_base_url
    if configured:
        return configured
    event: Any = request.resolved_event
    context = event["requestContext"]
    headers = request.headers
    # API Gateway routes by Host and lets none through that is not its own; one machine might.
    host = headers.get("host", "")
    scheme = "http" if headers.get("x-forwarded-proto") == "http" else "https"
    return f"{scheme}://{host if _HOST.fullmatch(host) else context['domainName']}"


def link_url(base: str, share_id: str) -> str:
    """Return where a link opens."""
    return f"{base}/conversations/share/{share_id}"


BaseUrl = Annotated[str, Depends(base_url)]

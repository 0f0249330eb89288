"""The address of a share link: the public base URL, or where the request itself came to."""

from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy.settings import Settings

_USUAL_PORTS: Final = {"http": "80", "https": "443"}


def base_url(request: Request) -> str:
    """Return what the addresses of this API begin with, without a slash at the end."""
    configured = Settings.from_environment().public_base_url
    if configured:
        return configured
    event: Any = request.resolved_event
    # The gateway's own name, and its own headers: what the client calls it (Host) proves nothing.
    domain = event["requestContext"]["domainName"]
    scheme = "http" if request.headers.get("x-forwarded-proto") == "http" else "https"
    port = request.headers.get("x-forwarded-port", "")
    is_named = port.isascii() and port.isdecimal() and port != _USUAL_PORTS[scheme]
    return f"{scheme}://{domain}:{port}" if is_named else f"{scheme}://{domain}"


def link_url(base: str, share_id: str) -> str:
    """Return where a link opens."""
    return f"{base}/conversations/share/{share_id}"


BaseUrl = Annotated[str, Depends(base_url)]

"""The API's document, and the page that shows it to people; both as they were deployed.

``openapi.json`` is made of the functions by ``make openapi``. The page is Swagger UI, which
Powertools brings, in one piece: it asks nobody else for anything (docs/adr/0050).
"""

import base64
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from aws_lambda_powertools.event_handler import Response

from colloquy.http.resolver import JSON

DOCUMENT: Final = "openapi.json"
_HTML: Final = "text/html; charset=utf-8"
_UI: Final = "event_handler/openapi/swagger_ui"
_FRESH: Final = "public, max-age=300"
"""A deployment shows within five minutes; after them an unchanged answer costs no body."""

_START: Final = """
SwaggerUIBundle({
  dom_id: "#reference",
  url: "openapi.json",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: false,
  validatorUrl: null,
});
"""
_STYLE: Final = """
body { margin: 0 }
.swagger-ui .info { margin: 24px 0 }
.swagger-ui .info p { line-height: 1.7 }
"""


def document(known: str | None) -> Response[str | None]:
    """Return the OpenAPI document, or 304 for a client that knows it by this ``If-None-Match``."""
    return _unless_known(known, _document(), JSON, {})


def page(known: str | None) -> Response[str | None]:
    """Return the page for people, or 304 for a browser that has it."""
    html, policy = _page()
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return _unless_known(known, html, _HTML, headers)


def _unless_known(
    known: str | None, body: str, content_type: str, headers: dict[str, str]
) -> Response[str | None]:
    # Weak: it may be compressed on its way.
    etag = f'W/"{sha256(body.encode()).hexdigest()[:32]}"'
    sent: dict[str, str | list[str]] = {
        **headers,
        "ETag": etag,
        "Cache-Control": _FRESH,
        "Vary": "Accept-Encoding",
    }
    if known is not None and etag in (tag.strip() for tag in known.split(",")):
        return Response(status_code=304, headers=sent)
    return Response(status_code=200, content_type=content_type, headers=sent, body=body)


@cache
def _document() -> str:
    return files(__package__).joinpath(DOCUMENT).read_text("utf-8")


@cache
def _page() -> tuple[str, str]:
    """Return the page and its policy: these scripts and styles run in it, and no others."""
    brought = files("aws_lambda_powertools").joinpath(_UI)
    scripts = [brought.joinpath("swagger-ui-bundle.min.js").read_text("utf-8"), _START]
    styles = [brought.joinpath("swagger-ui.min.css").read_text("utf-8"), _STYLE]
    html = "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8"><title>Colloquy API</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            *(f"<style>{style}</style>" for style in styles),
            '</head><body><main id="reference">',
            '<p>This page needs JavaScript. <a href="openapi.json">The document</a> does not.',
            "</p></main>",
            *(f"<script>{script}</script>" for script in scripts),
            "</body></html>",
        ]
    )
    policy = (
        "default-src 'none'; connect-src 'self'; img-src data:; "
        f"script-src {' '.join(map(_hash, scripts))}; style-src {' '.join(map(_hash, styles))}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def _hash(code: str) -> str:
    digest = base64.b64encode(sha256(code.encode()).digest()).decode()
    return f"'sha256-{digest}'"

"""Which addresses of images may be given to a model's server, which may fetch what it is given.

Whoever writes a message, a link's viewer included, chooses the address. A server in a private
network must not be made to read that network, its cloud's metadata or its own files. Decided by
the address alone: what a public name resolves to is the server's to check.
"""

import re
from typing import Final

_DATA: Final = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]++={0,2}", re.IGNORECASE
)
_MAX_ADDRESS: Final = 2_048
"""Characters of an address on the web; one inside the message may be as long as that."""
# Names only: no user, no port, no number in any spelling (the last label has a letter first), and
# no escape that another parser could read as a host.
_HTTPS: Final = re.compile(
    r"https://((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9]))"
    r"(?:[/?#][!-\[\]-~]*)?",
    re.IGNORECASE,
)
_MAX_HOST: Final = 253

_NOT_PUBLIC: Final = frozenset(
    {
        # RFC 6761, 6762, 7686, 8375 and 9476, and what ICANN keeps out of the root.
        *("alt", "arpa", "example", "home", "internal", "invalid", "local", "localhost"),
        *("mail", "corp", "onion", "test"),
        # What networks use for themselves all the same.
        *("intranet", "lan", "localdomain", "private", "cluster"),
    }
)
"""Last labels of names that do not belong to the public web."""
_ANY_ADDRESS: Final = frozenset(
    {"localtest.me", "lvh.me", "nip.io", "sslip.io", "traefik.me", "vcap.me", "xip.io"}
)
"""Public domains under which every address has a name, private ones included."""


def is_public_image(address: str) -> bool:
    """Return whether an address is an image's own data, or https on a public host."""
    if _DATA.fullmatch(address):
        return True
    found = _HTTPS.fullmatch(address) if len(address) <= _MAX_ADDRESS else None
    if found is None or len(found[1]) > _MAX_HOST:
        return False
    labels = found[1].lower().split(".")
    return labels[-1] not in _NOT_PUBLIC and ".".join(labels[-2:]) not in _ANY_ADDRESS

"""Opens the gateway's sockets: localhost in both of its addresses, and nothing else."""

import errno
import socket

_ATTEMPTS = 20


class PortTakenError(Exception):
    """Another program listens there; the message is one sentence for a person."""


def open_sockets(port: int) -> tuple[int, list[socket.socket]]:
    """Return the port, and sockets listening on it on 127.0.0.1 and, where there is one, ::1.

    Port 0 is any that is free on both.

    Raises:
        PortTakenError: when the port is not free.
    """
    for _ in range(1 if port else _ATTEMPTS):
        first = _listen(socket.AF_INET, "127.0.0.1", port)
        chosen = int(first.getsockname()[1])
        try:
            second = _listen(socket.AF_INET6, "::1", chosen)
        except PortTakenError:
            first.close()
            continue
        except OSError:
            # No IPv6 on this machine.
            return chosen, [first]
        return chosen, [first, second]
    raise PortTakenError(_sentence(port))


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise PortTakenError(_sentence(port)) from exc
        if exc.errno == errno.EACCES:
            raise PortTakenError(f"You may not use port {port}: set PORT to another.") from exc
        raise


def _sentence(port: int) -> str:
    return f"Port {port} is taken: stop what listens there, or set PORT to another."

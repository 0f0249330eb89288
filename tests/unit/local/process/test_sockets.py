"""The gateway listens on localhost, on a port nobody else has."""

import pytest

from local.process.sockets import PortTakenError, open_sockets


@pytest.mark.enable_socket
def test_a_free_port_is_the_same_on_both_addresses_and_taken_from_then_on() -> None:
    port, sockets = open_sockets(0)
    try:
        assert {each.getsockname()[1] for each in sockets} == {port}
        assert {each.getsockname()[0] for each in sockets} <= {"127.0.0.1", "::1"}
        with pytest.raises(PortTakenError, match=str(port)):
            open_sockets(port)
    finally:
        for each in sockets:
            each.close()

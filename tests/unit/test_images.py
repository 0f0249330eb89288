"""Which addresses of images reach a model's server."""

import pytest

from colloquy.domain.images import is_public_image


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/tower.png",
        "https://EXAMPLE.com",
        "HTTPS://images.example.co.uk/a/b%20c.webp?size=2&x=[1]#top",
        "https://xn--bcher-kva.example.com/ü".replace("ü", "%C3%BC"),
        "https://xn--e1afmkfd.xn--p1ai/",
        "https://a.bc/c@d:8080/x",
        "https://127.0.0.1.example.com/x.png",
        "https://cdn.localhost.example.com/x.png",
        "data:image/png;base64,iVBORw0KGgo=",
        "data:image/jpeg;base64,AAAA",
        "DATA:image/WebP;base64,AA==",
        "data:image/gif;base64," + "A" * 300_000,
    ],
)
def test_public_images_pass(address: str) -> None:
    assert is_public_image(address)


@pytest.mark.parametrize(
    "address",
    [
        # schemes
        "http://example.com/x.png",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "gopher://example.com/x",
        "s3://bucket/key",
        "gs://bucket/key",
        "blob:https://example.com/1",
        "//example.com/x.png",
        "example.com/x.png",
        "https:/example.com/x.png",
        "https:example.com",
        "https:///x.png",
        "javascript:alert(1)",
        # numbers in every spelling
        "https://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/x",
        "https://8.8.8.8/x.png",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.0.0.1/x",
        "https://0177.0.0.1/x",
        "https://127.1/x",
        "https://127.0.0.0x1/x",
        "https://[::1]/x",
        "https://[fd00:ec2::254]/x",
        "https://[::ffff:169.254.169.254]/x",
        "https://①②⑦.⓪.⓪.①/x",
        # names of a machine or a network
        "https://localhost/x",
        "https://LOCALHOST/x",
        "https://api.localhost/x",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://metadata/x",
        "https://ip-10-0-0-1.ec2.internal/x",
        "https://printer.local/x",
        "https://router.lan/x",
        "https://x.home.arpa/x",
        "https://svc.default.svc.cluster.local/x",
        "https://169.254.169.254.nip.io/x",
        "https://localtest.me/x",
        "https://10-0-0-1.sslip.io/x",
        # users, ports, and what parsers disagree on
        "https://user@example.com/x",
        "https://user:pass@example.com/x",
        "https://example.com@169.254.169.254/x",
        "https://example.com:443/x",
        "https://example.com:8080/x",
        "https://example.com:/x",
        "https://example.com./x",
        "https://example..com/x",
        "https://-example.com/x",
        "https://exa_mple.com/x",
        "https://example.com\\@169.254.169.254/x",
        "https://example.com/\\..\\x",
        "https://example%2ecom/x",
        "https://%31%36%39.254.169.254/x",
        "https://example.com%00.internal/x",
        "https://exämple.com/x",
        "https://example。com/x",
        "https://example.com/x y",
        "https://example.com/x\n",
        "\nhttps://example.com/x",
        " https://example.com/x",
        "https://example.com\t/x",
        "https://example.com/\x00",
        "https://example.com/ü",
        "https://" + "a." * 200 + "com/x",
        "https://" + "a" * 64 + ".com/x",
        "https://example.com/" + "x" * 3_000,
        # data that is no image, or is one that runs
        "data:image/svg+xml;base64,AAAA",
        "data:text/html;base64,AAAA",
        "data:image/png,AAAA",
        "data:image/png;base64,",
        "data:image/png;base64,AA AA",
        "data:image/png;base64,A===",
        "data:image/png;charset=x;base64,AAAA",
        "data:,",
        "",
    ],
)
def test_everything_else_is_left_out(address: str) -> None:
    assert not is_public_image(address)

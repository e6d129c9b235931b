"""Reading the public web: what is refused, what is bounded, and that nothing of ours goes along."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from poe_tui.api.public_web import MOST_REDIRECTS, PublicWeb, WebRefused, is_public
from tests.fault_server import FaultServer, Peer, Step


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a self-signed certificate for this machine."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=DNS:page.test,IP:127.0.0.1"
    files = ("-keyout", "own.key", "-out", "own.pem", "-days", "2", "-addext", names)
    new = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", *files)
    subprocess.run(new, check=True, capture_output=True, cwd=folder)
    return folder


def page(body: bytes, status: int = 200, **headers: str) -> Step:
    """Answer with a page."""

    async def step(peer: Peer) -> None:
        kinds = {"content_type": "text/html; charset=utf-8", **headers}
        await peer.head(status, content_length=str(len(body)), **kinds)
        await peer.send(body)

    return step


def server_of(folder: Path, *steps: Step) -> FaultServer:
    """Return an https server on this machine."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "own.pem", folder / "own.key")
    return FaultServer(*steps, tls=context)


def web(folder: Path, **fields: Any) -> PublicWeb:
    """Return a reader that trusts that server and may read this machine."""
    context = ssl.create_default_context(cafile=str(folder / "own.pem"))
    return PublicWeb(**{"allowed": lambda address: True, "context": context, **fields})


async def refusal(url: str, reader: PublicWeb | None = None) -> str:
    """Return why a URL is not read."""
    with pytest.raises(WebRefused) as refused:
        await (reader or PublicWeb()).get(url)
    return str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1",
        "x", "",
    ],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.test/", "ftp://example.test/", "file:///etc/passwd", "javascript:alert(1)", "example.test", "",
        "https://user:pass@example.test/", "https://exa mple.test/", "//example.test/", "https://", "-flag",
        "https://example.test\\@127.0.0.1/", "https://\x1b[31m/",
    ],
)  # fmt: skip
async def test_only_https(url: str) -> None:
    assert await refusal(url) == "Only https URLs are read, without user name and password."


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "10.0.0.1",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "127.0.0.2:8",
    ],
)
async def test_private_hosts_are_refused_before_anything_is_sent(host: str) -> None:
    assert "is not on the public internet" in await refusal(f"https://{host}/latest/meta-data")


async def test_one_private_address_refuses_the_name() -> None:
    def lookup(host: str, port: int) -> Any:
        return [(socket.AF_INET, 0, 0, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    assert "rebind.test is not on the public internet" in await refusal(
        "https://rebind.test/", PublicWeb(lookup=lookup)
    )


async def test_what_was_checked_is_what_is_connected_to(certificate: Path) -> None:
    answers = iter(["127.0.0.1", "10.0.0.1"])

    def lookup(host: str, port: int) -> Any:
        return [(socket.AF_INET, 0, 0, "", (next(answers), port))]

    async with server_of(certificate, page(b"<p>hello")) as server:
        reader = web(certificate, lookup=lookup, allowed=lambda address: address == "127.0.0.1")
        found = await reader.get(f"https://page.test:{server.port}/a?b=c#d")
        assert server.requests[0].headers["host"] == f"page.test:{server.port}"
    assert found.data == b"<p>hello"
    assert server.requests[0].target == "/a?b=c"


async def test_a_name_that_nobody_has(certificate: Path) -> None:
    assert "The page could not be read" in await refusal("https://nobody.invalid/")


async def test_a_page(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POE_API_KEY", "sk-canary")
    async with server_of(
        certificate, page("é".encode("latin-1"), content_type="Text/Plain; charset=latin-1")
    ) as server:
        found = await web(certificate).get(f"https://127.0.0.1:{server.port}/")
    assert (found.status, found.media_type, found.data, found.cut) == (200, "text/plain", b"\xe9", False)
    assert found.data.decode(found.charset) == "é"
    sent = server.requests[0].headers
    assert set(sent) == {"host", "user-agent", "accept", "accept-encoding"}
    assert "sk-canary" not in str(sent)


async def test_too_much_is_cut_and_bombs_are_small(certificate: Path) -> None:
    bomb = gzip.compress(b"x" * 20_000_000)
    async with server_of(certificate, page(b"x" * 5000), page(bomb, content_encoding="gzip")) as server:
        reader = web(certificate, most_bytes=1000)
        for _ in range(2):
            found = await reader.get(f"https://127.0.0.1:{server.port}/")
            assert (len(found.data), found.cut) == (1000, True)


async def test_redirects_are_checked_like_first_requests(certificate: Path) -> None:
    steps = [page(b"", 302, location=where) for where in ("/next", "http://127.0.0.1/", "https://10.0.0.1/")]
    async with server_of(certificate, steps[0], page(b"there")) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert (await web(certificate).get(url)).url == f"{url}next"
    async with server_of(certificate, steps[1]) as server:
        assert (await refusal(f"https://127.0.0.1:{server.port}/", web(certificate))).startswith("Only https")
    async with server_of(certificate, steps[2]) as server:
        reader = web(certificate, allowed=lambda address: address == "127.0.0.1")
        assert "10.0.0.1 is not on the public" in await refusal(f"https://127.0.0.1:{server.port}/", reader)
    async with server_of(certificate, page(b"", 301, location="/")) as server:
        assert "leads on more than" in await refusal(f"https://127.0.0.1:{server.port}/", web(certificate))
        assert len(server.requests) == MOST_REDIRECTS + 1


async def test_a_page_that_never_comes(certificate: Path) -> None:
    async def silent(peer: Peer) -> None:
        await peer.until_gone()

    async with server_of(certificate, silent) as server:
        told = await refusal(f"https://127.0.0.1:{server.port}/", web(certificate, seconds=0.2))
    assert told == "The page did not come within 0.2 s."


async def test_a_certificate_that_is_not_trusted(certificate: Path) -> None:
    async with server_of(certificate, page(b"")) as server:
        told = await refusal(f"https://127.0.0.1:{server.port}/", web(certificate, context=None))
    assert told == "The page could not be read: its certificate is not valid."
    assert server.requests == []


async def test_a_broken_answer(certificate: Path) -> None:
    async def reset(peer: Peer) -> None:
        peer.reset()

    async with server_of(certificate, reset, page(b"\0", content_encoding="br")) as server:
        for words in ("The page could not be read", "encoded in a way that cannot be read"):
            assert words in await refusal(f"https://127.0.0.1:{server.port}/", web(certificate))

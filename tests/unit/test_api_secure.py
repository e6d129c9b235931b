"""TLS and proxies: a bad certificate, a private authority, CONNECT, and no key or password where it does not belong."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from poe_tui.api import errors
from tests.fault_server import FaultServer, answer, sse
from tests.unit.api_help import CANARY, ask, turn_to, unused_port

GOOD = sse(*answer("Hello"))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine where nobody listens."""
    with unused_port() as port:
        yield port


@asynccontextmanager
async def listening(serve: Callable[..., Awaitable[None]]) -> AsyncIterator[int]:
    """Run a raw server; yield its port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


_NAMES = "DNS:api.example.test,IP:127.0.0.1"
_AUTHORITY = f"""
[ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = {_NAMES}
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of self-signed certificates: ``good`` for the names above, ``other`` for another, ``expired``."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")
    (folder / "authority.cnf").write_text(_AUTHORITY)
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], check=True, capture_output=True, cwd=folder)

    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x")
    for name, names in (("good", _NAMES), ("other", "DNS:elsewhere.test")):
        files = ("-keyout", f"{name}.key", "-out", f"{name}.pem")
        run(*new, "-x509", "-days", "2", "-addext", f"subjectAltName={names}", *files)
    run(*new, "-keyout", "expired.key", "-out", "expired.csr")
    dates = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
    files = ("-keyfile", "expired.key", "-in", "expired.csr", "-out", "expired.pem")
    run("ca", "-batch", "-selfsign", "-config", "authority.cnf", "-notext", *dates, *files)
    return folder


def tls_server(folder: Path, name: str) -> FaultServer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return FaultServer(GOOD, tls=context)


class TestTls:
    async def test_a_private_authority_by_environment(
        self, certificates: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "good.pem"))
        async with tls_server(certificates, "good") as server:
            turn = await ask(server.url)
        assert (turn.error, turn.builder.output_text) == (None, "Hello")

    @pytest.mark.parametrize(
        ("name", "trusted", "words"),
        [
            ("good", False, "self-signed certificate"),
            ("other", True, "not valid for '127.0.0.1'"),
            ("expired", True, "expired"),
        ],
    )
    async def test_a_bad_certificate_is_named_and_no_key_is_sent(
        self, certificates: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, words: str
    ) -> None:
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificates / f"{name}.pem"))
        async with tls_server(certificates, name) as server:
            turn, waits = await turn_to(server.url)
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert words in turn.error.message.replace("self signed", "self-signed")
        assert (turn.error.unsent, server.requests, waits) == (True, [], [])

    async def test_plain_http_where_tls_was_expected(self) -> None:
        seen = b""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal seen
            seen += await reader.read(4096)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async with listening(serve) as port:
            turn, waits = await turn_to(f"https://127.0.0.1:{port}/v1")
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert "no secure connection" in turn.error.message
        assert (CANARY.encode() in seen, waits) == (False, [])

    @pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
    async def test_an_authority_file_that_is_none_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, str(tmp_path / "nothing.pem"))
        turn, _ = await turn_to("https://127.0.0.1:9/v1")
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert turn.error.unsent
        if name == "SSL_CERT_FILE":
            assert "SSL_CERT_FILE names something that holds no certificates" in turn.error.message


# --- proxies -----------------------------------------------------------------------------------------------------


class Tunnel:
    """A proxy that knows CONNECT; ``status`` other than 200 refuses. It sends everybody to ``port``."""

    def __init__(self, port: int, status: int = 200) -> None:
        self.heads: list[str] = []
        self.seen = b""
        self._target = port
        self._status = status
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        try:
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(f"HTTP/1.1 {self._status} Said\r\n\r\n".encode())
            if self._status != 200:
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(self._pump(reader, far_writer, True), self._pump(far_reader, writer, False))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bool) -> None:
        try:
            while data := await reader.read(65536):
                if record:
                    self.seen += data
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def tunnel(port: int, status: int = 200) -> AsyncIterator[Tunnel]:
    """Run a tunnelling proxy."""
    made = Tunnel(port, status)
    async with listening(made.serve) as made.port:
        yield made


class TestProxies:
    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "setting"])
    async def test_a_proxy_carries_the_turn_and_sees_no_key(
        self, certificates: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "good.pem"))
        async with tls_server(certificates, "good") as server, tunnel(server.port) as proxy:
            address = f"http://user:p%40ss@127.0.0.1:{proxy.port}"
            if name != "setting":
                monkeypatch.setenv(name, address)
            turn = await ask("https://api.example.test/v1", proxy=address if name == "setting" else None)
            assert (turn.error, turn.builder.output_text) == (None, "Hello")
            assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
        [head] = proxy.heads
        assert head.startswith("CONNECT api.example.test:443 HTTP/1.1\r\n")
        assert base64.b64encode(b"user:p@ss").decode() in head
        assert CANARY not in head
        assert CANARY.encode() not in proxy.seen

    async def test_loopback_goes_past_every_proxy(self, monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
        async with FaultServer(GOOD) as server:
            assert (await ask(server.url)).error is None

    async def test_no_proxy_goes_past_it_too(self, monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
        monkeypatch.setenv("NO_PROXY", ".invalid")
        turn, _ = await turn_to("https://x.invalid/v1")
        assert turn.error is not None
        assert "proxy" not in turn.error.message

    async def test_a_dead_proxy_is_named_without_its_password(
        self, monkeypatch: pytest.MonkeyPatch, closed_port: int
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{closed_port}")
        turn, waits = await turn_to("https://api.example.test/v1")
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert f"the proxy http://127.0.0.1:{closed_port}: the connection was refused" in turn.error.message
        assert "secret" not in str(turn.error.as_dict())
        assert len(waits) == 2

    @pytest.mark.parametrize(
        ("status", "words", "tries"), [(407, "user name and password", 1), (403, "answered 403", 1), (502, "502", 3)]
    )
    async def test_a_proxy_that_refuses(self, status: int, words: str, tries: int) -> None:
        async with tunnel(1, status) as proxy:
            turn, _ = await turn_to("https://api.example.test/v1", proxy=f"http://u:secret@127.0.0.1:{proxy.port}")
            assert isinstance(turn.error, errors.ConnectionFailed)
            assert words in turn.error.message
            assert "api.example.test" in turn.error.message
            assert "secret" not in turn.error.message
            assert turn.error.unsent
            assert len(proxy.heads) == tries

    async def test_a_proxy_that_hangs_up(self) -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        async with listening(hang_up) as port:
            turn, waits = await turn_to("https://api.example.test/v1", proxy=f"http://127.0.0.1:{port}")
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert (turn.error.unsent, waits) == (True, [])
        assert "broke the connection off" in turn.error.message

    @pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://x"])
    async def test_a_proxy_that_cannot_be_used_is_a_clear_error(
        self, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        turn, waits = await turn_to("https://api.example.test/v1", proxy=proxy)
        assert isinstance(turn.error, errors.ConnectionFailed)
        assert turn.error.unsent
        assert "proxy" in turn.error.message.lower()
        assert waits == []

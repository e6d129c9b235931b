"""
Reading the public web on behalf of a model: https only, public addresses only, bounded in size and time.

The addresses that were checked are the ones connected to: the check sits in the resolver under the connection, so that
a name which answers differently the second time gains nothing. Through a proxy, which looks names up itself, the name
is looked up and checked here first. Redirects are followed by hand and checked like first requests. No key, no cookie
and nothing else of this program's goes along.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from poe_tui import __version__
from poe_tui.api import encoding, proxies
from poe_tui.api.errors import NotAnAPIAnswer
from poe_tui.api.resolver import Addresses, Lookup, Resolver, getaddrinfo
from poe_tui.sanitize import clean_url

MOST_REDIRECTS = 5
MOST_BYTES = 2_000_000
SECONDS = 30.0
TEXTS = "text/*, application/json;q=0.9, */*;q=0.1"
"""What a server is asked for first."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_EMBEDDING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""NAT64: the last 32 bits are an IPv4 address."""


class WebRefused(Exception):
    """A page that is not read, or cannot be; the text is a sentence."""


@dataclass(slots=True, frozen=True)
class Page:
    """What a URL gave."""

    url: str
    """Where the redirects ended."""
    status: int
    media_type: str
    charset: str
    data: bytes
    cut: bool
    """Whether there was more than may be read."""


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public internet, addresses wrapped in IPv6 included."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _embedded(found)
    if inner is not None:
        return is_public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


class _PublicResolver(Resolver):
    """Gives out public addresses only; one private address among them refuses the whole name."""

    def __init__(self, allowed: Callable[[str], bool], lookup: Lookup = getaddrinfo) -> None:
        super().__init__(lookup)
        self._allowed = allowed

    async def addresses(self, host: str, port: int) -> Addresses:
        """Return the addresses of ``host``. Raises ``WebRefused`` or ``OSError``."""
        found = await super().addresses(host, port)
        if not all(self._allowed(address) for address in found):
            raise WebRefused(f"{host[:200]} is not on the public internet. Private addresses are not read.")
        return found


@dataclass(slots=True)
class PublicWeb:
    """Reads pages, and files as well. ``proxy`` as for ``PoeClient``; the last three fields are for tests."""

    proxy: str | None = None
    most_bytes: int = MOST_BYTES
    seconds: float = SECONDS
    accept: str = TEXTS
    what: str = "page"
    """What a refusal calls it."""
    own: str = ""
    """An origin (``http://127.0.0.1:8080``) that is read although it is not public: the built-in demo server's."""
    lookup: Lookup = field(default=getaddrinfo, repr=False)
    allowed: Callable[[str], bool] = is_public
    context: ssl.SSLContext | None = field(default=None, repr=False)

    async def get(self, url: str) -> Page:
        """
        Return what is at ``url``, redirects followed.

        Raises:
            WebRefused: not https, not public, too slow, too many redirects, or no answer.
        """
        try:
            async with asyncio.timeout(self.seconds):
                for _ in range(MOST_REDIRECTS + 1):
                    found = await self._one(self._checked(url))
                    if isinstance(found, Page):
                        return found
                    url = urljoin(url, found)
        except TimeoutError:
            raise WebRefused(f"The {self.what} did not come within {self.seconds:g} s.") from None
        raise WebRefused(f"The {self.what} leads on more than {MOST_REDIRECTS} times.")

    def _checked(self, url: str) -> str:
        cleaned = clean_url(url.strip())
        if cleaned is None or not (cleaned.startswith("https://") or self._is_own(cleaned)):
            raise WebRefused("Only https URLs are read, without user name and password.")
        return cleaned.partition("#")[0]

    def _is_own(self, url: str) -> bool:
        parts = urlsplit(url)
        return bool(self.own) and f"{parts.scheme}://{parts.netloc}" == self.own

    async def _one(self, url: str) -> Page | str:
        """Make one request; return the page, or where it leads."""
        # Imported here: some 100 ms that only a fetch needs.
        import httpcore
        import httpx

        from poe_tui.api.transport import Transport

        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        resolver: Resolver = _PublicResolver(self.allowed, self.lookup)
        if self._is_own(url):
            resolver = Resolver(self.lookup)
        try:
            proxy = proxies.choose(host, port, self.proxy, os.environ)
            if proxy is not None:
                await resolver.addresses(host, port)
                resolver = Resolver(self.lookup)  # The proxy itself may be anywhere.
            transport = Transport(resolver, self.context or ssl.create_default_context(), proxy)
            headers = {
                "user-agent": f"poe-tui/{__version__}",
                "accept": self.accept,
                "accept-encoding": "gzip, deflate",
            }
            async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=None) as client:
                request = httpx.Request("GET", url, headers=headers)
                response = await client.send(request, stream=True)
                try:
                    if response.is_redirect and "location" in response.headers:
                        return response.headers["location"]
                    return await self._read(url, response)
                finally:
                    await response.aclose()
        except proxies.BadProxy as refused:
            raise WebRefused(str(refused)) from None
        except NotAnAPIAnswer:
            raise WebRefused(f"The {self.what} is encoded in a way that cannot be read.") from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError,
                httpx.InvalidURL, OSError) as error:  # fmt: skip
            if isinstance(error, TimeoutError):
                raise
            raise WebRefused(f"The {self.what} could not be read: {_reason(error)}.") from None

    async def _read(self, url: str, response: object) -> Page:
        import httpx

        assert isinstance(response, httpx.Response)
        decoder = encoding.decoder(response.headers.get("content-encoding", ""))
        data = bytearray()
        async for raw in response.aiter_raw():
            for piece in decoder.feed(raw) if decoder is not None else (raw,):
                data += piece
                if len(data) > self.most_bytes:
                    break
            if len(data) > self.most_bytes:
                break
        media_type = response.headers.get("content-type", "").partition(";")[0]
        return Page(
            url,
            response.status_code,
            media_type.strip().lower(),
            response.charset_encoding or "utf-8",
            bytes(data[: self.most_bytes]),
            len(data) > self.most_bytes,
        )


def _reason(error: BaseException) -> str:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return "its certificate is not valid" if "CERTIFICATE" in str(seen) else "the secure connection failed"
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror.lower() if seen.strerror.isascii() else seen.strerror
        seen = seen.__cause__ or seen.__context__
    return "the connection failed"

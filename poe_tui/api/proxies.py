"""
Which proxy, if any: the setting, else ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` of the environment. Pure.

Loopback is always direct. Upper and lower case count; lower case wins, as everywhere. ``HTTP_PROXY`` has no say: plain
http goes to this machine only (:mod:`poe_tui.servers`).
"""

from __future__ import annotations

import importlib.util
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from poe_tui import servers

DIRECT = frozenset({"none", "direct", "off"})
"""Values of the setting that mean no proxy, whatever the environment says."""

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class BadProxy(ValueError):
    """A proxy that cannot be used. The text names it without user name and password."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address. ``auth`` is kept out of the repr."""

    scheme: str
    host: str
    port: int
    auth: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """``http://host:port``: what messages call it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def choose(host: str, port: int, setting: str | None, environ: Mapping[str, str]) -> Proxy | None:
    """
    Return the proxy for an https server at ``host``. Raises :class:`BadProxy`.

    ``setting`` is ``None`` or empty for the environment's, one of :data:`DIRECT` for none, else the proxy's URL.
    """
    if servers.is_loopback(host):
        return None
    if setting and setting.strip():
        return None if setting.strip().lower() in DIRECT else parse(setting)
    url = _variable(environ, "https_proxy") or _variable(environ, "all_proxy")
    if not url or bypassed(host, port, _variable(environ, "no_proxy")):
        return None
    return parse(url)


def _variable(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def parse(url: str) -> Proxy:
    """Read a proxy's URL; without a scheme it is http. Raises :class:`BadProxy`."""
    text = url.strip() if "://" in url else f"http://{url.strip()}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadProxy("The proxy's address is not a URL.") from None
    if parts.scheme not in _PORTS or not host:
        raise BadProxy("The proxy must be an http, https or socks5 URL.")
    auth = None
    if parts.username is not None:
        auth = (unquote(parts.username), unquote(parts.password or ""))
    proxy = Proxy(parts.scheme, host, port or _PORTS[parts.scheme], auth)
    if proxy.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise BadProxy(f"The proxy {proxy.label} needs SOCKS support: pip install 'httpx[socks]'.")
    if not host.isascii() or (auth is not None and not "".join(auth).isprintable()):
        raise BadProxy("The proxy's address holds characters that no address has.")
    return proxy


def bypassed(host: str, port: int, no_proxy: str) -> bool:
    """
    Tell whether ``NO_PROXY`` names ``host``.

    Entries, apart by commas or spaces: ``*``; a name, which covers its subdomains, with or without a leading dot; an
    address or a network in CIDR notation; any of them with ``:port``.
    """
    host = host.lower().rstrip(".")
    return any(_covers(entry, host, port) for entry in no_proxy.lower().replace(",", " ").split())


def _covers(entry: str, host: str, port: int) -> bool:
    name, _, wanted = entry.rpartition(":")
    if name and wanted.isdigit() and (":" not in name or name.endswith("]")):
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*.").strip(".") if entry != "*" else entry
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return bool(entry) and (host == entry or host.endswith("." + entry))

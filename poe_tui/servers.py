"""Base URLs: what a person may point the app at, and when two of them are the same server.

Any server that speaks the Responses format will do. The key travels in a header, so plain http is for loopback only.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

POE = "https://api.poe.com/v1"
"""Where requests go unless the settings or ``POE_BASE_URL`` say otherwise."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadServer(ValueError):
    """A base URL that must not be used; the text says why in words, without user information from the URL."""


def normalise(url: str) -> str:
    """Return ``url`` in the one form the app compares and stores: lower-case host, no default port, no final slash.

    Raises:
        BadServer: not http or https, no host, user information, a query or fragment, or http off this machine.
    """
    parts = _split(url)
    host = _host(parts)
    port = _port(parts)
    if parts.scheme == "http" and not is_loopback(host):
        raise BadServer("Must be https: http is allowed on this machine only.")
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{shown}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def origin(url: str) -> str:
    """Return scheme, host and port of a base URL: what a stored key is bound to.

    Raises:
        BadServer: as ``normalise`` does.
    """
    parts = urlsplit(normalise(url))
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` names this machine: ``localhost``, 127.0.0.0/8 or ::1. Nothing is looked up."""
    if host.lower() == "localhost":
        return True
    # Imported here: only a written-out address needs it, and the usual host is a name.
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    text = url.strip()
    if not text.isascii() or not text.isprintable() or any(c in text for c in ' \\<>"'):
        raise BadServer("Must be a URL of plain ASCII characters without spaces.")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise BadServer("Must be a URL such as https://api.poe.com/v1.") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc:
        raise BadServer("Must be a URL such as https://api.poe.com/v1.")
    if "@" in parts.netloc:
        raise BadServer("Must not hold a user name or password.")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise BadServer("Must not hold a query or fragment.")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname
    if not host:
        raise BadServer("Must name a host, such as https://api.poe.com/v1.")
    return host


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise BadServer("Must have a port between 1 and 65535.") from None

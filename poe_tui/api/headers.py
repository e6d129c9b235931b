"""The headers of a request, but for the key and those that the connection adds."""

from __future__ import annotations

from poe_tui import __version__


def request_headers(size: int | None) -> dict[str, str]:
    """Return the headers for a body of ``size`` bytes; ``None`` when there is none (GET)."""
    agent = {"user-agent": f"poe-tui/{__version__}"}
    if size is None:
        return {**agent, "accept": "application/json", "accept-encoding": "gzip, deflate"}
    return {
        **agent,
        "accept": "text/event-stream, application/json",
        # Compressed streams sit in somebody's buffer until a block is full.
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": str(size),
    }

"""What the peers were measured at on 2026-11-23: the same kind of machine (2 shared cores), pty and texts.

codex 0.169.0 (Rust), vibe 3.0.2 (Rust and Python), opencode 1.18.33 (Bun), vibe2 2.18.4, oterm 0.26.1, elia 1.10.0
(Textual). Constants: nothing here is measured again. Figures of another day are beside ours to be read, not divided.
"""

from __future__ import annotations

DATE = "2026-11-23"

PUBLISHED: dict[str, str] = {
    "echo": "vibe .058 s, codex .12, elia .69, vibe2 1.27, opencode 2.8, oterm 4.7; bare Textual .22",
    "cold": "codex .57 s, vibe2 1.6, vibe 3.8, elia 4.2, oterm 5.2, opencode 5.9",
    "fast lag": "httpx .14 s, vibe .52, opencode 1.9, codex 2.7, vibe2 133",
    "fast cpu": "httpx .30 s, vibe .77, codex 4.0, opencode 5.9, vibe2 132",
    "slow cpu": "httpx 3 %, codex 38, vibe 29, oterm 79, vibe2 87, opencode 88, elia 94",
    "slow bytes": "vibe 131, vibe2 247, opencode 266, codex 384, oterm 616, elia 1,102",
    "keys": "codex 5.0 / 10 ms (p50 / p95), vibe 6.6 / 17, opencode 23 / 68, oterm 137 / 628, vibe2 202 / 526",
    "memory": "elia 81 MB, vibe2 102, vibe 149, oterm 272, codex 358, opencode 841; bare Textual 36",
    "streaming memory": "vibe2 161 MB, vibe 170, elia 336, oterm 373, codex 394, opencode 1,087",
    "idle cpu": "codex .13 %, vibe2 .68, vibe 2.8, opencode 4.6, elia 6.6",
    "idle bytes": "codex 0, opencode 0, vibe 1,320, vibe2 3,460, elia 324,324",
    "quit": "codex 10 ms, opencode 78, vibe2 148, bare Textual 255, elia 431, vibe 449, oterm 1,941",
    "long": "Markdown widgets: minutes",
}

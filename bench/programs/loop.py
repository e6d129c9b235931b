"""The floor of a stream: httpx reads an answer and prints its words. ``python -m bench.programs.loop URL MODEL``."""

from __future__ import annotations

import json
import sys

import httpx


def main(url: str, model: str) -> None:
    """Ask once and print what comes."""
    body = {"model": model, "input": "go", "stream": True}
    with httpx.stream("POST", f"{url}/responses", json=body, timeout=None) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                event = json.loads(line[6:])
                if event["type"] == "response.output_text.delta":
                    sys.stdout.write(event["delta"])
                    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

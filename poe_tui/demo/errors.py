"""The error bodies of the Poe API: the documented form, and the texts that were seen in practice (observed on Poe)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_DOCUMENTED: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "Missing required field: input"),
    401: ("authentication_error", "Invalid API key"),
    402: ("insufficient_credits", "You've used up your points! Visit https://poe.com/api/keys to get more."),
    403: ("permission_error", "This model is not part of your plan."),
    404: ("not_found_error", "Not found"),
    405: ("invalid_request_error", "Method not allowed"),
    408: ("timeout_error", "The model did not answer in time."),
    413: ("request_too_large", "prompt is too long: 1001081 tokens > 1000000 maximum"),
    429: ("rate_limit_error", "Rate limit exceeded (500 rpm)"),
    500: ("provider_error", "The provider of this model reported an internal error."),
    502: ("upstream_error", "The provider of this model could not be reached."),
    503: ("overloaded_error", "The service is restarting. Please try again."),
    504: ("timeout_error", "The provider of this model did not answer in time."),
    529: ("overloaded_error", "The provider of this model is overloaded."),
}


@dataclass(eq=False)
class APIProblem(Exception):
    """A request that is answered by an error: its status and everything its body says.

    ``message`` and ``kind`` default to the documented ones of the status; ``code`` defaults to the status itself,
    as in the vendor's example, and may be one of OpenAI's words instead.
    """

    status: int
    message: str = ""
    kind: str = ""
    code: int | str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    """Whether the body has the shape that Poe was recorded to send: no code, and the id of the request."""

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        kind, message = _DOCUMENTED.get(self.status, ("provider_error", "The request failed."))
        if self.recorded:
            found = {"message": self.message or message, "type": self.kind or kind, "error_id": uuid.uuid4().hex}
            return {"error": found if self.param is None else {**found, "param": self.param}}
        error: dict[str, Any] = {
            "code": self.status if self.code is None else self.code,
            "type": self.kind or kind,
            "message": self.message or message,
            "metadata": {},
        }
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


def unknown_model(name: str) -> APIProblem:
    """A name that no model has, in Poe's words."""
    return APIProblem(404, f"Model `{name}` not found.", code="model_not_found", param="model")


def unknown_response(response_id: str) -> APIProblem:
    """A ``previous_response_id`` that was never given out, or that has been forgotten."""
    return APIProblem(
        400,
        f"Previous response with id '{response_id}' not found.",
        code="previous_response_not_found",
        param="previous_response_id",
    )


def not_kept() -> APIProblem:
    """What OpenAI's models on Poe answer to every ``previous_response_id`` (observed on Poe)."""
    return APIProblem(
        400,
        "Previous response cannot be used for this organization due to Zero Data Retention.",
        param="previous_response_id",
    )


def invalid(param: str, message: str) -> APIProblem:
    """A field of the request that is missing or outside its bounds."""
    return APIProblem(400, message, param=param)


def no_responses(words: str) -> APIProblem:
    """What a model answers at ``/v1/responses`` that does not answer there."""
    return APIProblem(400, words, recorded=True)


def unknown_parameter(name: str) -> APIProblem:
    """A field of a chat request that neither the reference nor the model declares."""
    return APIProblem(400, f"Unknown parameter: '{name}'.", param=name, recorded=True)


def request_id() -> str:
    """Return a fresh value for the ``x-request-id`` header."""
    return f"req_poe_{uuid.uuid4().hex}"

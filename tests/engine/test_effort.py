"""The efforts that a model is offered, and the way round them."""

from __future__ import annotations

from poe_tui.engine.effort import following, offered
from poe_tui.model import ModelInfo


def test_as_the_model_declares_them() -> None:
    info = ModelInfo("m", "M", efforts=("none", "low", "max"))
    assert offered(info) == ("none", "low", "max")
    assert offered(ModelInfo("m", "M")) == offered(None) == ("low", "medium", "high")


def test_without_what_was_refused() -> None:
    assert offered(None, {"field.reasoning.effort=high", "chain"}) == ("low", "medium")
    assert offered(None, {"field.reasoning"}) == offered(None, {"field.reasoning.effort"}) == ()
    assert offered(None, {"field.reasoning.summary"}) == ("low", "medium", "high")


def test_round_and_back_to_none() -> None:
    efforts = ("low", "high")
    seen, effort = [], None
    for _ in range(4):
        effort = following(effort, efforts)
        seen.append(effort)
    assert seen == ["low", "high", None, "low"]
    assert following("medium", efforts) == "low"
    assert following(None, ()) is None

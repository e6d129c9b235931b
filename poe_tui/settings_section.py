"""What every section of the settings is made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Section(BaseModel):
    """What all sections share: frozen values, no silent conversion, no unknown names."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def words(page: str, group: str, help_: str, **more: Any) -> dict[str, Any]:
    """Return what the settings screen knows of a field besides its title and description."""
    return {"page": page, "group": group, "help": help_, **more}


def names(text: str) -> str:
    """Return a list of names with commas between them, in its one spelling.

    Raises:
        ValueError: it is none.
    """
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not text.isprintable() or any(" " in name for name in found):
        raise ValueError("Must be names with commas between them.")
    return ", ".join(found)


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("Must be one line of text.")
    return text.strip()


Line = Annotated[str, Field(max_length=300), AfterValidator(_one_line)]
"""One line of text that says something."""

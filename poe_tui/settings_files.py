"""Settings for files: what may go along with a prompt, and what becomes of the media of an answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from poe_tui.settings_section import Line, Section, words

MEGABYTE = 1_000_000


class FilesSettings(Section):
    """What is sent along, fetched and saved."""

    attach_limit: Annotated[int, Field(ge=1, le=100)] = Field(
        default=20,
        title="Largest attachment",
        description="How large a file may be that goes along with a prompt. In the request it takes a third more.",
        json_schema_extra=words("storage", "Files", "Megabytes a file", unit="MB"),
    )
    save_media: Literal["key", "always"] = Field(
        default="key",
        title="Save media",
        description="key fetches and saves the images, films and sounds of an answer when w is pressed, and not "
        "before. always does so as soon as an answer has ended. Only https and the public internet, in both cases.",
        json_schema_extra=words("storage", "Files", "key: when w is pressed"),
    )
    media_limit: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=100,
        title="Largest download",
        description="How large an image, a film or a sound may be that is fetched.",
        json_schema_extra=words("storage", "Files", "Megabytes a file", unit="MB"),
    )
    folder: Line | None = Field(
        default=None,
        title="Folder",
        description="Where w saves. Empty: the directory poe-tui was started in. Nothing there is ever written over.",
        json_schema_extra=words("storage", "Files", "Where w saves", unset="where poe-tui was started"),
    )
    draw_images: bool = Field(
        default=True,
        title="Draw images",
        description="Draws the images of an answer in the transcript, two pixels to a cell. It needs Pillow: "
        "pip install 'poe-tui[images]'.",
        json_schema_extra=words("appearance", "Images", "Needs poe-tui[images]"),
    )

    @property
    def attach_bytes(self) -> int:
        """``attach_limit`` in bytes."""
        return self.attach_limit * MEGABYTE

    @property
    def media_bytes(self) -> int:
        """``media_limit`` in bytes."""
        return self.media_limit * MEGABYTE

"""The model picker, by keys only."""

from __future__ import annotations

from itertools import pairwise

import pytest

from poe_tui.model import Cost, ModelInfo, Price
from poe_tui.screens.model_picker import ModelPickerScreen, PickerContext
from poe_tui.widgets.model_detail import plain
from poe_tui.widgets.model_table import ModelTable, abilities, cell_text, fit, layout
from tests.ui.host import PALETTES, Host


def model(name: str, **more: object) -> ModelInfo:
    return ModelInfo(id=name.lower(), name=name, owner="Acme", **more)  # type: ignore[arg-type]


CHEAP = model("Cheap-1", price=Price(0.1e-6, 0.4e-6), context_length=200_000, features=("tools", "web_search"))
DEAR = model("Dear-2", price=Price(5e-6, 25e-6), context_length=1_000_000, reasons=True, created=2e9)
PAINTER = model("Painter", output_modalities=("image",), price=Price(request=350.0))
UNKNOWN = model("Anon")
MODELS = [DEAR, UNKNOWN, CHEAP, PAINTER]


def context(**more: object) -> PickerContext:
    def cost(info: ModelInfo) -> Cost:
        return Cost(info.price.prompt * 1e9 if info.price and info.price.prompt else None)

    return PickerContext(MODELS, next_turn=cost, **more)  # type: ignore[arg-type]


def host(picker: PickerContext, **more: object) -> Host:
    return Host(ModelPickerScreen(picker, **more))  # type: ignore[arg-type]


async def test_typing_filters_and_enter_uses_the_best_fit() -> None:
    app = host(context())
    async with app.run_test() as pilot:
        await pilot.press(*"dea")
        assert "1 of 4 shown" in app.text()
        await pilot.press("enter")
    assert app.result == "dear-2"


async def test_arrows_choose_from_the_filter_line_and_stop_at_the_ends() -> None:
    app = host(context())
    async with app.run_test() as pilot:
        await pilot.press("up", "down", "down", *["down"] * 9, "enter")
    assert app.result == "painter"


async def test_escape_goes_from_the_list_to_the_filter_and_then_out() -> None:
    app = host(context())
    async with app.run_test() as pilot:
        await pilot.press("tab")
        assert app.focused is not None and app.focused.id == "picker-table"
        await pilot.press("escape")
        assert app.focused is not None and app.focused.id == "picker-filter"
        await pilot.press("escape")
    assert app.result is None


async def test_letters_act_in_the_list_and_are_text_in_the_filter_line() -> None:
    kept: list[tuple[str, bool]] = []
    app = host(context(set_favourite=lambda name, on: kept.append((name, on))))
    async with app.run_test() as pilot:
        await pilot.press("s", "*")
        assert app.screen.query_one("#picker-filter").value == "s*"  # type: ignore[attr-defined]
        await pilot.press("backspace", "backspace", "tab", "*")
        assert kept == [("anon", True)]
        assert "Favourites" in app.text()
        await pilot.press("*", "s")
        assert kept[-1] == ("anon", False)
        assert "sort price ▲" in app.text()
        await pilot.press("slash")
        assert app.focused is not None and app.focused.id == "picker-filter"


async def test_the_key_bar_tells_what_works_where_the_focus_is() -> None:
    app = host(context())
    async with app.run_test(size=(120, 30)) as pilot:
        assert app.text().endswith("   Enter use   Tab list   Esc back")
        assert "sort name ▲" in app.text()
        await pilot.press("d")
        assert "sort match" in app.text()
        await pilot.press("tab")
        assert app.text().endswith("   Enter use   * favourite   s sort   / filter   Esc back")


async def test_a_tiny_terminal_shows_models_and_whole_heads() -> None:
    app = host(context())
    async with app.run_test(size=(40, 9)):
        lines = app.text().splitlines()
        assert sum(any(info.name in line for info in MODELS) for line in lines) >= 2
        assert any(line.split() == ["Model", "Next", "turn"] for line in lines)
        assert "Models" in lines[0] and "name ▲" in lines[0]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("A **fast** and *small* model, `tool_use` and __all__ that", "A fast and small model, tool_use and all that"),
        ("2 * 3 * 4, snake_case_name", "2 * 3 * 4, snake_case_name"),
        ("See [the page](https://a.b/c) ***now***", "See the page now"),
    ],
)
def test_a_description_has_no_markdown(source: str, shown: str) -> None:
    assert plain(source) == shown


async def test_sorting_puts_the_unknown_last() -> None:
    app = host(context())
    async with app.run_test() as pilot:
        await pilot.press("tab", "s")
        table = app.screen.query_one(ModelTable)
        assert [row.info.name for row in table.rows] == ["Cheap-1", "Dear-2", "Anon", "Painter"]


async def test_favourites_and_recent_models_stand_first() -> None:
    app = host(context(favourites=["painter"], recent=["cheap-1"], current="cheap-1"))
    async with app.run_test() as pilot:
        text = app.text()
        assert text.index("Favourites") < text.index("Painter") < text.index("Recent") < text.index("Cheap-1")
        assert text.index("Cheap-1") < text.index("All") < text.index("Dear-2")
        await pilot.press("enter")
    assert app.result == "cheap-1"


async def test_a_name_that_is_not_listed_can_be_used() -> None:
    app = host(context())
    async with app.run_test() as pilot:
        await pilot.press(*"MyOwn-Bot")
        assert "As typed, not in the list" in app.text()
        await pilot.press("enter")
    assert app.result == "MyOwn-Bot"


async def test_filter_words_and_prices() -> None:
    app = host(context(), words="<5 ")
    async with app.run_test():
        text = app.text()
        assert "Cheap-1" in text and "Dear-2" not in text
        assert "0.10 /  0.40" in text and "≈ 100 pts" in text


async def test_the_list_is_fetched_behind_what_is_shown() -> None:
    async def fetch() -> list[ModelInfo]:
        return [*MODELS, model("Brand-New")]

    app = host(context(refresh=fetch, current="dear-2"))
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "Brand-New" in app.text() and "5 of 5 shown" in app.text()
        await pilot.press("enter")
    assert app.result == "dear-2"


async def test_a_failing_fetch_leaves_the_list() -> None:
    async def fetch() -> list[ModelInfo]:
        raise OSError("no network")

    app = host(context(refresh=fetch))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "Cheap-1" in app.text()


async def test_an_empty_list_says_what_to_do() -> None:
    app = Host(ModelPickerScreen(PickerContext([])))  # type: ignore[arg-type]
    async with app.run_test():
        assert "Type a name and press Enter" in app.text()


async def test_a_click_selects_and_a_second_one_uses() -> None:
    app = host(context())
    async with app.run_test(size=(120, 40)) as pilot:
        row = next(y for y, line in enumerate(app.text().splitlines()) if "Dear-2" in line)
        await pilot.click(offset=(10, row))
        assert app.result is Host.UNSET
        await pilot.click(offset=(10, row))
    assert app.result == "dear-2"


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50), (40, 12)])
async def test_names_and_prices_are_whole_at_every_size(size: tuple[int, int], theme: str) -> None:
    app = Host(ModelPickerScreen(context()), theme)  # type: ignore[arg-type]
    async with app.run_test(size=size):
        text = app.text()
        assert "Cheap-1" in text and "Esc back" in text
        if size[0] >= 80:
            assert "0.10 /  0.40" in text and "≈ 100 pts" in text and "350 pts each" in text


async def test_hostile_names_are_text() -> None:
    bad = ModelInfo(id="x", name="[@click=app.quit]x[/]\x1b]0;owned\x07", owner="[/", description="[b\x9b31m[/foo]")
    app = Host(ModelPickerScreen(PickerContext([bad], note="[/etc/passwd]")))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 40)):
        assert "[@click=app.quit]x" in app.text()
        assert not {"\x1b", "\x07", "\x9b"} & set(app.text())


def test_columns_follow_look_md_at_120() -> None:
    starts = {column.name: column.start for column in layout(120)}
    ends = {column.name: column.start + column.width for column in layout(120)}
    assert starts["name"] == 7 and ends["next"] == 117
    assert [column.name for column in layout(80)] == ["name", "price", "context", "next"]
    for width in range(20, 200):
        columns = layout(width)
        assert all(a.start + a.width <= b.start for a, b in pairwise(columns)) or width < 50


def test_words_for_what_a_model_can_do() -> None:
    assert abilities(CHEAP) == "tools web"
    assert abilities(PAINTER) == "makes img"
    row = type("Row", (), {"info": UNKNOWN, "next_turn": Cost()})()
    assert cell_text(row, "price") == "? /     ?" and cell_text(row, "next") == "?"


def test_fitting_counts_cells() -> None:
    assert fit("日本語の名前", 7) == "日本語…"
    assert fit("ab", 4, right=True) == "  ab" and fit("ab", 4) == "ab  "

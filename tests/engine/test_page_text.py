"""The text of a page: what a reader reads, in time that grows with the page and no faster."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poe_tui.engine.page_text import page_text

PAGE = """\
<!DOCTYPE html><html><head><title>A &amp;
 b</title><style>p { color: red }</style><script>bad("</p>")</script></head>
<body><!-- hidden <p> --><h1>Head</h1><p>One <b>two</b>
three&nbsp;four</p><ul><li>a</li><li>b</ul>
<table><tr><td>1</td><td>2</td></tr><tr><th>3</th></tr></table>
<pre>x
  y</pre><svg><text>no</text></svg><SCRIPT>worse()</SCRIPT >1 &lt; 2 and 3 < 4<br>end</body></html>"""


def test_what_a_reader_reads() -> None:
    assert page_text(PAGE) == (
        "A & b\n\nHead\n\nOne two three four\n\n- a\n- b\n\n1 2\n3\n\nx\ny\n\n1 < 2 and 3 < 4\nend"
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("just text", "just text"),
        ("<p>a", "a"),
        ("a<script>b", "a"),
        ("a<!-- b", "a"),
        ("a<b", "a"),
        ("<title>T</title>", "T"),
        ("<script/>a", "a"),
        ("a < b", "a < b"),
        ("<p>a</p><p></p><div><div>b", "a\n\nb"),
    ],
)
def test_odd_pages(html: str, text: str) -> None:
    assert page_text(html) == text


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<!", "<![CDATA[", "</", "<", "&", "<script>", "<svg>", "<p>", '<a href="', "&#", "\n \n"]
)
def test_killers_take_no_time(piece: str) -> None:
    started = time.perf_counter()
    page_text(piece * 50_000)
    assert time.perf_counter() - started < 3


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(["<p>", "</p>", "<b", ">", "a", " ", "<!--", "-->", "<script>", "</script>", "&amp;", "<td>"]),
        max_size=20,
    ).map("".join)
)
def test_any_text_is_a_page(text: str) -> None:
    found = page_text(text)
    assert found == found.strip()
    assert "\n\n\n" not in found

"""Texts to try Markdown on: tricky documents, and strategies that make more of them (not a test module)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import strategies as st

from poe_tui.transcript.lines import Line
from poe_tui.transcript.markdown import MarkdownRenderer

TRICKY: dict[str, str] = {
    "reference after use": "See [the manual][m] and [m], not [other].\n\n- [m]\n\n[m]: https://x.example/a 'Title'\n",
    "reference twice": "[a]: /first\n[a]: /second\n\n[a] [A]\n",
    "definition title on the next line": "[a]: /u\n'title\nover lines'\n[a]\n",
    "definition title that fails": "[a]: /u\n\"title\nwithout an end\n\n[a]\n",
    "definition before code": "[a]: /u\n    code\n",
    "footnotes": "Text[^1] and [^long note].\n\n[^1]: note\n[^long note]: https://x.example\n",
    "setext": "Title\n===\n\nOther\nlines\n---\n\ntext\n- - -\n",
    "setext in quote": "> foo\n===\n\n> foo\n> ---\n",
    "loose list": "- a\n- b\n\n- c\n  more\n\n  other\n- d\n",
    "list that ends": "- a\n\n\n- b\ntext\n\n1) x\n2) y\n1. z\n",
    "numbers": "7. a\n7. b\n9. c\n\n0) z\n",
    "number after paragraph": "It was\n1986. What a year\n1. But this is a list\n",
    "empty items": "- a\n-\n- c\n\n-\n\n  not in it\n\n1.\n",
    "task list": "- [ ] open\n- [x] done\n- [X] done\n- [] no\n- [ ]\n1. [ ] numbered\n",
    "nested": "- a\n  - b\n    1. c\n       - d\n\n         deep\n      - e\n- f\n",
    "item in item in one line": "- - 1. a\n     > b\n> - c\n>   - d\n",
    "lazy": "> a\nb\n> c\n- d\ne\n\n> > f\n> g\nh\n",
    "quote with code": "> text\n> ```py\n> x = '''\n>\n> '''\n> ```\n>     indented\nnot quoted\n",
    "fence in list": "1. a\n   ```sh\n   ls -l\n\n     two\n   ```\n   after\n2. b\n",
    "fence never closed": "text\n\n```python\ndef f():\n    '''doc\n\n    x",
    "fence closed late": "```\n``\n`````\nafter\n~~~~ text\n~~~\n~~~~~\n",
    "fence closed by its item": "- ```\n  a\nb\n",
    "fence ends": "```c\n/* a\n b */ int x;\n```\n\n```\n```\n",
    "indented code": "    a\n\n\n      b\n\nc\n    d\n\n\te\n",
    "tabs": "-\ta\n\n\tb\n1.\tx\n\n\t\tcode\n>\t\tquoted\n\ta\tb\n",
    "headings": "# A #\n## B \\#\n###C\n#\n####### seven\n   # *x* `y`\n",
    "rules": "***\n- - -\n___\n+++\n* * x\n",
    "table": "| a | b |\n|---|:-:|\n| `x\\|y` | **b** |\n| only |\n| 1 | 2 | 3 |\n\nafter\n",
    "table after words": "words\n| a | b |\n|---|---|\n| 1 | 2 |\n> quote\n",
    "table without pipes": "a | b\n--|--\n1 | 2\ntext\n",
    "late wide cell": "| k | v |\n|---|---|\n| a | b |\n| c | d |\n| e | a cell much wider than all the others |\n",
    "table in list": "- | a | b |\n  |---|---|\n  | 1 | 2 |\n\n  text\n- next\n",
    "no table": "| a | b |\n| c | d |\n|---|\n",
    "html": "<div>\n*a*\n\n</div>\n\n<!-- c\n\nd -->\ntext <b>bold</b> <br>\n<custom-tag>\nx\n",
    "html ends": "<pre>\n\n*x*\n</pre> y\nz\n<?php\necho '?';\n?>\n",
    "escapes": "\\*a\\* \\# \\[x](y) \\`b\\` \\\\ \\a\nhard\\\nbreak  \nhere\n",
    "entities": "&amp; &lt;b&gt; &copy; &#35; &#x41; &nope; &#27;[31m &nbsp;x\n",
    "emphasis": "*a **b** c* ***d*** __e__ f_g_h *i*j **k*l* _m*n_o* ~~p~~ ~q~ ~~~r~~~\n",
    "code spans": "`a` ``b`c`` ` d ` `e\n   f` `g ``h`\n",
    "links": "[a](/u) [b](<x y> 't') [c]( /u\n) ![d](e.png) [![f](g)](h) [i [j](k) l](m) [n](o(p)q)\n",
    "autolinks": "<https://a.example/?b=c> <x@y.example> https://z.example/a_b_c, (https://q.example/r(s)) http://\n",
    "bad links": "[a](javascript:x) [b](data:text/html,x) <javascript:x> [c](vbscript:x)\n",
    "mathematics": "$a_1*b*c$ costs $5 and $6, \\(x_i\\) and\n\n\\[\n\\sum_i x_i * y_i\n\\]\n\n$$\na*b*c\n$$\n",
    "CRLF": "# a\r\n\r\n- b\r\n- c\r\n\r\n```\r\nd\r\n```\r\n| e | f |\r\n|---|---|\r\n| 1 | 2 |\r\r\nend",
    "wide characters": "漢字と、かな。「引用」です！" * 4
    + "\n\n- 👩‍👩‍👧 ☁️ 🇩🇪 é\n\n| 名前 | x |\n|---|---|\n| 東京 | 1 |\n",
    "white space": "   \n\n  a  \n\t\n b \n   ",
    "nothing": "",
    "blank": "\n\n\n",
    "NUL": "a\0b\n",
}  # fmt: skip
"""Documents that reading line by line, or in pieces, easily gets wrong."""

_LINES = (
    "foo", "bar baz", "- a", "* c", "+ d", "1. one", "2. two", "3) three", "  - nested", "    - deep", "   - three",
    "> q", "> - ql", "> > qq", ">", "", "", "", "```", "```py", "~~~", "    code", "\tcode", "# h", "## h2 ##", "===",
    "---", "***", "- - -", "| a | b |", "|---|---|", "| 1 | 2 |", "a | b", "--|--", "<div>", "</div>", "<b>x</b>",
    "<!-- c", "c -->", "[foo]: /url", "[bar]: /u 'ti'", "[foo]", "[foo][bar]", '"title"', "  lazy", "-", "1.",
    "   indented", "     five", "> # h in q", "> ```", "> code", "- > qi", "- # hi", "- ```", "  text2", "   para",
    "10. ten", "      six", "- [ ] task", "- [x] done", "  > inq", "  ```", "   |a|b|", "   |-|-|", "foo  ", "foo\\",
    "*em* **st**", "$x_1$",
)  # fmt: skip
_MARKS = (
    *("*", "**", "_", "__", "~~", "`", "``", "[", "]", "(", ")", "](", "](/u)", "![", "<", "</b>", "<b>"),
    *("<http://a.b>", "&amp;", "&", "\\", "\n", " ", "a", "b", "foo", "!", '"', "'", "(x)", "[foo]", "***", "~"),
    *("$x$", "http://x.y", "|", ".", ",", "é", "\\*", "\\[", "\\]", "\\(", "🙂"),
)
_WORDS = (
    *("the", "planner", "reads", "**statistics**", "_first_", "`code`", "[link](http://a.b/c)", "漢字", "かな。"),
    *("👩‍👩‍👧", "☁️", "é", "a-very-long-word-that-will-not-fit-anywhere-at-all", "https://example.com/a/b?c=d"),
    *("~~gone~~", "\\*x", "&amp;", "x²", "🇩🇪", "שלום", "1", "23.4 ms"),
)

blocks = st.lists(st.sampled_from(_LINES), max_size=10).map("\n".join)
"""Lines that begin, go on with and end every kind of block."""
marks = st.lists(st.sampled_from(_MARKS), max_size=14).map("".join)
"""Inline marks in every order."""
characters = st.text('ab -*_+#>`~|:[]()!\\\n\n \t1.2)<=&"', max_size=40)
sentence = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=24).map(" ".join)
rows = st.lists(st.lists(sentence, min_size=1, max_size=4), max_size=5)


def _table(lines: list[list[str]]) -> str:
    if not lines:
        return ""
    count = len(lines[0])
    heads = f"| {' | '.join(lines[0])} |\n|{'---|' * count}\n"
    return heads + "".join(f"| {' | '.join(line)} |\n" for line in lines[1:])


answers = st.lists(
    st.one_of(
        sentence,
        st.lists(sentence, max_size=4).map(lambda items: "\n".join(f"- {item}" for item in items)),
        rows.map(_table),
        st.lists(st.sampled_from(("def f(x):", "    return '''", "", "# c", "\tx = 1")), max_size=5).map(
            lambda lines: "\n".join(["```python", *lines, "```"])
        ),
        sentence.map("> {}".format),
        sentence.map("## {}".format),
    ),
    max_size=5,
).map("\n\n".join)
"""What models write."""
texts = st.one_of(blocks, marks, characters, answers)
cuts = st.lists(st.integers(0, 400), max_size=30)
"""Positions to divide a text at."""


def deltas(text: str, at: list[int]) -> Iterator[str]:
    """A text in pieces, divided at these positions."""
    for begin, end in pairwise([0, *sorted(position for position in at if position < len(text)), len(text)]):
        yield text[begin:end]


def streamed(text: str, at: list[int], width: int) -> MarkdownRenderer:
    """A renderer that got a text in pieces."""
    renderer = MarkdownRenderer(width)
    for delta in deltas(text, at):
        renderer.feed(delta)
    renderer.finish()
    return renderer


def shown(lines: list[Line]) -> list[str]:
    """The characters of lines."""
    return [line.text for line in lines]

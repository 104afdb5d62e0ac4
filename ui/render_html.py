"""Blocks as one HTML page: no script, nothing fetched, everything escaped, readable on a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from liverboard.ui.blocks import Block, Fold, Heading, Item, Items, Line, Paragraph, Run, Table, plain

_TONGUES = {"en": "en", "zh": "zh-Hans"}
_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
max-width:56rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0}
h2{font-size:1.15rem;margin:1.8rem 0 .5rem;border-bottom:2px solid #2a7f9e;padding-bottom:.2rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}h4{margin:.8rem 0 .3rem}
ul{list-style:none;padding-left:0;margin:.3rem 0}ul ul{padding-left:1.2rem}
ul.bulleted{list-style:disc;padding-left:1.2rem}li{margin:.25rem 0}p{margin:.4rem 0}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;
border-bottom:1px solid #8884}.wide{overflow-x:auto}.wide table{min-width:34rem}
a{color:#17708f;text-decoration:none}.dim{opacity:.72;font-size:.9em}.strong{font-weight:600}
.stop,.warning,.info,.for,.caution,.against{font-weight:600}.stop,.against{color:#b3261e}
.warning,.caution{color:#8a5a00}
.info{color:#2a63ad}.for{color:#1d7335}li>b{margin-right:.4em}
details{margin:1rem 0}summary{cursor:pointer;font-weight:600}
@media(prefers-color-scheme:dark){a{color:#6cc4e0}.stop,.against{color:#ff8a80}
.warning,.caution{color:#e6b450}.info{color:#8ab4f8}.for{color:#7bd88f}}
@media print{details>*{display:block}}
""".strip().replace("\n", "")


def to_html(blocks: Sequence[Block], *, language: str) -> str:
    """The blocks as a page of its own."""
    title = next((plain(block.line) for block in blocks if isinstance(block, Heading)), "LiverBoard")
    body = "\n".join(_written(block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="{_TONGUES[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _written(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{_line(block.line)}</h{block.level}>"
        case Paragraph():
            return f"<p>{_line(block.line)}</p>"
        case Items():
            label = f'<p class="{block.label.tone}">{escape(block.label.text)}</p>' if block.label else ""
            return label + _items(block.items, "bulleted" if block.label else "")
        case Table(columns=()):
            rows = "".join(
                f'<tr><th scope="row">{_line(name)}</th><td>{_line(value)}</td></tr>'
                for name, value in block.rows
            )
            return f"<table>{rows}</table>"
        case Table():
            head = "".join(f"<th>{escape(name)}</th>" for name in block.columns)
            rows = "".join(
                f"<tr>{''.join(f'<td>{_line(cell)}</td>' for cell in row)}</tr>" for row in block.rows
            )
            return (
                f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
            )
        case Fold():
            inner = "".join(_written(part) for part in block.blocks)
            return f"<details><summary>{escape(block.title)}</summary>{inner}</details>"


def _items(items: Sequence[Item], style: str = "") -> str:
    return f"<ul{f' class={style}' if style else ''}>{''.join(_item(item) for item in items)}</ul>"


def _item(item: Item) -> str:
    anchor = f' id="source-{item.source}"' if item.source is not None else ""
    marker = (
        f'<b class="{item.marker.tone}">{escape(item.marker.text)}</b>'
        if item.marker and item.marker.text
        else ""
    )
    below = _items(item.children) if item.children else ""
    return f"<li{anchor}>{marker}{_line(item.line)}{below}</li>"


def _line(of: Line) -> str:
    return "".join(_run(run) for run in of)


def _run(run: Run) -> str:
    text = escape(run.text)
    if run.source is not None:
        return f'<a href="#source-{run.source}">{text}</a>'
    return text if run.tone == "plain" else f'<span class="{run.tone}">{text}</span>'

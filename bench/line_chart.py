"""A line chart as SVG: readable in light and dark, without scripts or custom fonts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 380, 56, 150, 44, 52
_STYLE = """
  svg { --ink: #1f2328; --faint: #d0d7de; --c0: #0b66c3; --c1: #b3541e; --c2: #1a7f37; --c3: #6e40c9; }
  @media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --faint: #3d444d; --c0: #6cb6ff; --c1: #f0a35e; --c2: #57c46f; --c3: #c4a5ff; } }
  text { fill: var(--ink); font: 13px system-ui, sans-serif; }
  .title { font-weight: 600; font-size: 15px; }
  .grid { stroke: var(--faint); stroke-width: 1; }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
  .band { stroke: none; opacity: 0.14; }
""".rstrip()
_COLOURS = 4
_DASHES = ("", "7 4", "2 4", "9 3 2 3")


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line through (x, share 0..1, lower and upper end of its interval)."""

    name: str
    points: Sequence[tuple[int, float, float, float]]
    has_band: bool = False


def chart(title: str, x_label: str, curves: Sequence[Curve]) -> str:
    """Return an SVG of *curves* over 0–100 per cent. Colour, dashes and a label at the end tell the curves apart."""
    last = max(x for curve in curves for x, *_ in curve.points)
    first = min(x for curve in curves for x, *_ in curve.points)

    def at(x: float, share: float) -> str:
        across = (x - first) / max(1, last - first)
        return f"{_LEFT + across * (_WIDTH - _LEFT - _RIGHT):.1f},{_TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM):.1f}"

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}\n</style>",
        f'<text class="title" x="{_LEFT}" y="22">{escape(title)}</text>',
        *_grid(first, last, at),
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(x_label)}</text>',
    ]
    for number, curve in enumerate(curves):
        if curve.has_band:
            upper = [at(x, high) for x, _, _, high in curve.points]
            lower = [at(x, low) for x, _, low, _ in reversed(curve.points)]
            out.append(f'<polygon class="band" fill="var(--c{number % _COLOURS})" points="{" ".join(upper + lower)}"/>')
    names: list[float] = []
    for number, curve in enumerate(curves):
        colour, dash = f"var(--c{number % _COLOURS})", _DASHES[number % len(_DASHES)]
        points = [at(x, share) for x, share, _, _ in curve.points]
        out.append(f'<polyline class="line" stroke="{colour}" stroke-dasharray="{dash}" points="{" ".join(points)}"/>')
        x, y = map(float, points[-1].split(","))
        names.append(_apart(y + 4, names))
        out.append(f'<text x="{x + 8:.1f}" y="{names[-1]:.1f}" style="fill: {colour}">{escape(curve.name)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _grid(first: int, last: int, at: object) -> list[str]:
    assert callable(at)
    out: list[str] = []
    for percent in range(0, 101, 20):
        y = at(first, percent / 100).split(",")[1]
        out.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        out.append(f'<text x="{_LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{percent} %</text>')
    out += [
        f'<text x="{at(x, 0).split(",")[0]}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{x}</text>' for x in range(first, last + 1)
    ]
    return out


def _apart(y: float, taken: Sequence[float]) -> float:
    """Return *y*, moved so that no label in *taken* is closer than the height of a line."""
    while any(abs(y - other) < 15 for other in taken):
        y += 1
    return y

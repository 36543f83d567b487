"""Static assets: one style sheet and one script built at start, fonts, icons.

Their addresses carry a digest, so browsers cache them for good.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import re
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from onward.errors import BadSetting

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"

STYLE_SHEETS = ("tokens", "base", "layout", "parts", "prose")
"""Style sheets in cascade order; those of `css/pages` follow, sorted by name."""
SCRIPTS = (
    "texts",
    "folds",
    "history",
    "navigation",
    "toasts",
    "forms",
    "times",
    "dialogs",
    "palette",
    "keyboard",
    "events",
    "live",
    "marks",
    "find",
    "lines",
    "panel",
    "printing",
    "drafts",
    "turns",
    "sessions",
    "start",
)
"""Scripts in order; those of `js/elements` are inserted before the last one, which marks the page as ready."""

_SVG_SAFE_CHARS = " =:/'(),;"
_GZIPPED_SUFFIXES = {".css", ".js", ".svg", ".txt"}
_STYLE_URL = re.compile(r"url\(((?:vendor/)?[\w-]+\.(?:woff2|svg))\)")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent.

    `gzipped` is empty where compression does not make it smaller; `version` is a digest of the content.
    """

    data: bytes
    type: str
    version: str
    gzipped: bytes = b""


@dataclass(slots=True)
class Assets:
    """Every file under /static, by its path there."""

    by_path: dict[str, Asset] = field(default_factory=dict[str, Asset])

    def add(self, path: str, data: bytes) -> None:
        """Register *data* under *path*."""
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        gzipped = gzip.compress(data, 9, mtime=0) if Path(path).suffix in _GZIPPED_SUFFIXES else b""
        text = f"{kind}; charset=utf-8" if kind.startswith(("text/", "image/svg")) else kind
        self.by_path[path] = Asset(data, text, sha256(data).hexdigest()[:10], gzipped if len(gzipped) < len(data) else b"")

    def url(self, path: str) -> str:
        """Return the versioned address of the file at *path*."""
        return f"/static/{path}?v={self.by_path[path].version}"


@cache
def load_assets() -> Assets:
    """Return the assets of all pages. Raises `BadSetting` if the package was built without its vendored files."""
    if not (VENDOR / "htmx.min.js").is_file():
        raise BadSetting(
            "The dashboard's fonts and scripts are missing: this copy of Onward is incomplete.",
            "In a clone: make dev, or python hatch_build.py. Otherwise install Onward again.",
        )
    bundle = Assets()
    for path in sorted(VENDOR.rglob("*")):
        if path.is_file() and path.suffix not in (".svg", "") and path.name != ".stamp":
            bundle.add(f"vendor/{path.relative_to(VENDOR).as_posix()}", path.read_bytes())
    bundle.add("mark.svg", (STATIC / "mark.svg").read_bytes())
    bundle.add("onward.css", _build_style(bundle).encode())
    bundle.add("onward.js", _build_script().encode())
    return bundle


@cache
def icon_names() -> frozenset[str]:
    """Return the names of the available icons."""
    return frozenset(path.stem for path in (VENDOR / "icons").glob("*.svg"))


def _build_style(bundle: Assets) -> str:
    from onward.web.markdown import code_style

    sheets = [(STATIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in STYLE_SHEETS]
    sheets += [path.read_text(encoding="utf-8") for path in sorted((STATIC / "css" / "pages").glob("*.css"))]
    style = "\n".join((*sheets, _icon_style(), code_style()))
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    return re.sub(r"\n\s*", "\n", _STYLE_URL.sub(lambda match: f'url("{bundle.url(match[1])}")', style))


def _icon_style() -> str:
    """Return one CSS rule per icon: a mask in the colour of the surrounding text."""
    rules = []
    for name in sorted(icon_names()):
        svg = (VENDOR / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        body = re.sub(r"\s+", " ", svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]).strip()
        image = (
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' stroke-width='2' "
            f"stroke-linecap='round' stroke-linejoin='round'>{body.replace(chr(34), chr(39))}</svg>"
        )
        rules.append(f'.icon-{name}{{--icon:url("data:image/svg+xml,{quote(image, safe=_SVG_SAFE_CHARS)}")}}')
    return "@layer parts{" + "\n".join(rules) + "}"


def _build_script() -> str:
    folder = STATIC / "js"
    paths = [folder / f"{name}.js" for name in SCRIPTS[:-1]]
    paths += [*sorted((folder / "elements").glob("*.js")), folder / f"{SCRIPTS[-1]}.js"]
    return "\n".join(f"(() => {{\n{path.read_text(encoding='utf-8')}\n}})();" for path in paths)


HTMX_CONFIG = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "scrollIntoViewOnBoost": False,
        "defaultSettleDelay": 0,
        # htmx must not copy a style that a script set (such as a menu's position) into the page: the Content-Security-Policy forbids it.
        "attributesToSettle": [],
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)
"""The htmx configuration: nothing is evaluated or cached in the browser, and a form with errors (422) is swapped in."""

"""What a still picture gives a notebook: SVG, and a PNG where SVG is not shown.

An untrusted notebook, GitHub and a PDF show no SVG. The PNG has twice the size, for sharp screens,
and the fonts that come with matplotlib, so that its bytes are the same on every machine.
"""

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any


def bundle(svg: str, description: str) -> tuple[dict, dict]:
    """Return the data of an output, and its metadata: the size on the screen, and words for it.

    Without a rasteriser (resvg-py) the SVG stands alone.
    """
    data = {"text/plain": description, "image/svg+xml": svg}
    if not find_spec("resvg_py"):
        return data, {}
    picture, width, height = _png(svg)
    look = {"width": width, "height": height, "alt": description}
    return {**data, "image/png": picture}, {"image/png": look}


def _png(svg: str) -> tuple[bytes, int, int]:
    """Return the PNG, and the width and height [pixels] at which it is to be shown."""
    import resvg_py  # here, and matplotlib: a panel draws SVG alone
    from matplotlib import get_data_path
    from PIL import Image

    fonts = Path(get_data_path(), "fonts", "ttf")
    names = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique")
    drawn = resvg_py.svg_to_bytes(
        svg,
        zoom=2,
        skip_system_fonts=True,
        font_files=[str(fonts / f"{name}.ttf") for name in names],
        sans_serif_family="DejaVu Sans",
    )
    image = Image.open(BytesIO(drawn))
    return small(image), image.width // 2, image.height // 2


def small(image: Any, colors: int = 32) -> bytes:
    """Return a Pillow image as a PNG of few colours: a picture has not many, and steps to white."""
    few, file = image.quantize(colors), BytesIO()
    palette = few.getpalette("RGBA")
    few.putpalette([255 if each > 250 else each for each in palette], "RGBA")  # white is white
    few.save(file, "png")  # to optimize it would save a tenth, and cost ten times as long
    return file.getvalue()

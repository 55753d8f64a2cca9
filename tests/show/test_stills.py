"""Still pictures: a PNG beside each SVG, words that can be read, and no more than the screen."""

import re
import sys
import xml.etree.ElementTree as ET
from io import BytesIO

import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from PIL import Image

from netlib.protocols.tcp.states import STATES
from netlib.show import plots, stills, svg
from netlib.show.ladder import Ladder
from netlib.show.ladder.layout import TALLEST, WIDTH
from netlib.show.state_diagram import StateDiagram
from netlib.show.style import FILLS, GREY, INK, LOSS, RECEIVER, SENDER, THEORY, THIRD, dark, ink_on
from netlib.trace import Trace

HERE, THERE = ("127.0.0.1", 1), ("127.0.0.1", 2)
EVERYWHERE = {"client": STATES, "server": ["LISTEN", *["ESTABLISHED"] * 3]}


def ladder() -> Ladder:
    trace = Trace(lambda: 0.0)
    trace.record("sender", "send", b"hello", THERE)
    return Ladder(trace)


@pytest.fixture(params=["a ladder", "a state diagram"])
def picture(request):
    return ladder() if request.param == "a ladder" else StateDiagram(EVERYWHERE)


def test_a_notebook_stores_svg_and_a_png_of_twice_its_size_with_the_words_for_both(picture):
    data, metadata = DisplayFormatter().format(picture)
    assert set(data) == {"text/plain", "image/svg+xml", "image/png"}
    image, whole = Image.open(BytesIO(data["image/png"])), ET.fromstring(data["image/svg+xml"])
    width, height = map(int, whole.get("viewBox").split()[2:])
    assert image.size == (2 * width, 2 * height)
    assert metadata["image/png"] == {"width": width, "height": height, "alt": repr(picture)}
    label = whole.get("aria-label").split()  # XML knows no line ends in it
    assert (whole.get("role"), label) == ("img", repr(picture).split())


def test_a_png_has_the_same_bytes_each_time_and_is_small(picture):
    one, other = (picture._repr_mimebundle_()[0]["image/png"] for _ in "12")
    assert one == other and len(one) <= 60_000


def test_a_picture_lies_on_a_white_card_whose_corners_show_the_page(picture):
    image = Image.open(BytesIO(picture._repr_mimebundle_()[0]["image/png"])).convert("RGBA")
    assert image.getpixel((0, 0))[3] == 0
    assert image.getpixel((40, 8)) == (255, 255, 255, 255)


def test_without_a_rasteriser_the_svg_stands_alone(picture, monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)  # as if it were not installed
    assert set(picture._repr_mimebundle_()[0]) == {"text/plain", "image/svg+xml"}


def test_words_in_a_png_are_drawn_whatever_fonts_a_machine_has():
    def ink(words: str) -> int:
        whole = svg.picture(svg.ground() + svg.text(10, 30, words), 100, 40, "")
        image = Image.open(BytesIO(stills.bundle(whole, "")[0]["image/png"])).convert("RGBA")
        return sum(image.crop((20, 0, 180, 80)).convert("L").histogram()[:100])

    assert ink("") == 0 < min(ink("→"), ink("✓")) and ink("ACK 3") > 2 * ink("3")


def test_the_state_diagram_fits_a_column_and_a_projectors_screen():
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn()).groups())
    assert width <= WIDTH and height <= TALLEST


def drawn() -> str:
    return StateDiagram(EVERYWHERE, note="a note")._repr_svg_()


def test_no_words_of_the_state_diagram_cover_others():
    texts = [t for t in ET.fromstring(drawn()).iter() if t.tag.endswith("text")]
    areas = []
    for text in texts:
        x, y, width = float(text.get("x")), float(text.get("y")), 9.5 * len(text.text)
        left = x - {"middle": width / 2, "end": width}.get(text.get("text-anchor"), 0)
        areas.append((left, left + width, y, text.text))
    for n, (left, right, y, name) in enumerate(areas):
        for other_left, other_right, other_y, other in areas[:n]:
            apart = right <= other_left or left >= other_right or abs(y - other_y) >= 11
            assert apart, f"{name} and {other}"


@pytest.mark.parametrize("color", [SENDER, RECEIVER, LOSS, THIRD, GREY, INK, THEORY["color"]])
def test_words_in_each_colour_can_be_read_on_white_and_white_words_on_it(color):
    assert contrast(dark(color)) >= 4.5  # WCAG 2.2, success criterion 1.4.3


@pytest.mark.parametrize("ground", [SENDER, RECEIVER, LOSS, THIRD, *FILLS])
def test_words_can_be_read_on_the_colour_of_each_role_and_on_each_fill(ground):
    on_white, on_black = contrast(ground), 21 / contrast(ground)
    assert {"white": on_white, "black": on_black}[ink_on(ground)] >= 4.5


@pytest.mark.parametrize("color", [SENDER, RECEIVER, LOSS, THIRD])
def test_the_name_of_a_line_is_written_in_the_dark_twin_of_its_colour(color):
    ax = Figure().subplots()
    plots.ecdf([1, 2, 3], ax, color=color, label="a line")
    assert [text.get_color() for text in ax.texts] == [dark(color)]


def contrast(color: str) -> float:
    """Return the contrast of a colour with white (WCAG 2.2, relative luminance)."""
    if color.startswith("#"):
        digits = color[1:] if len(color) == 7 else "".join(2 * each for each in color[1:])
        parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    else:
        parts = [float(color)] * 3
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 1.05 / (0.05 + sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


def test_the_contrast_of_the_pale_colours_is_known():
    assert (round(contrast(RECEIVER), 1), round(contrast(LOSS), 1)) == (3.4, 3.9)
    assert round(contrast("#000")) == 21

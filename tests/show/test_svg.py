"""The shapes of pictures: whatever is put in is a value or a text, never markup."""

import subprocess
import sys
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from netlib.show import svg

printable_text = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")))


@given(printable_text, printable_text)
def test_words_and_a_description_come_out_as_they_went_in(words, description):
    root = ET.fromstring(svg.picture(svg.text(1, 2, words), 10, 20, description))
    assert root.get("aria-label") == description and root.get("viewBox") == "0 0 10 20"
    assert "".join(root.itertext()) == words
    assert [child.tag.rpartition("}")[2] for child in root] == ["text"]


def test_an_arrow_head_points_to_its_end_and_lies_behind_it():
    path = ET.fromstring(svg.head(100, 50, 0, 50, "#000")).get("d")
    assert path == "M100 50L91.0 46.0L91.0 54.0Z"


def test_an_arrow_of_no_length_has_a_head_all_the_same():
    assert svg.head(5, 5, 5, 5, "#000").startswith("<path")


def test_the_colours_and_shapes_come_without_matplotlib():
    program = "import sys, netlib.show.style, netlib.show.svg; print('matplotlib' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"

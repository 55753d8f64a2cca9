"""Links with the numbers of kinds of access: fresh each time, and in netem's words."""

import pytest

from netlib.links.link import Link
from netlib.panels.link.presets import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("direction", ["down", "up"])
def test_every_preset_is_a_fresh_link_in_netems_words(name, direction):
    link = preset(name, direction, seed=3)
    words = PRESETS[name][direction == "up"]
    assert link.copy(keep_order=False, seed=0) == Link.parse(words)
    assert str(Link.parse(words)) == words
    assert (link.seed, link.carried) == (3, 0)
    assert link is not preset(name, direction, seed=3)


def test_an_unknown_preset_is_named():
    with pytest.raises(
        ValueError, match=r"unknown preset 'wify'; known: lan, wifi, .* mean 'wifi'"
    ):
        preset("wify")
    with pytest.raises(ValueError, match="direction must be 'down' or 'up', got 'left'"):
        preset("dsl", "left")

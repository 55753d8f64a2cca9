"""The figure of what an RST destroys: its bars are the numbers, and together the whole stream."""

from matplotlib.figure import Figure

from netlib.show.figures.reset import reset


def test_each_row_is_the_whole_stream_and_the_destroyed_part_is_hatched():
    ax = reset(4_000_000, 250_000, 500_000, Figure().subplots())
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    assert spans == [(0, 0.25), (0.25, 4.0), (0, 0.5), (0.5, 4.0)]
    assert [bar.get_hatch() for bar in ax.patches] == [None, None, None, "xx"]
    assert [text.get_text() for text in ax.texts][2:] == ["read", "destroyed"]

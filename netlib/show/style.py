"""The look of every picture in the course: Okabe and Ito's colours, one role for each."""

from pathlib import Path

SENDER, RECEIVER, LOSS, THIRD = "#0072B2", "#009E73", "#D55E00", "#CC79A7"
FILLS = SKY, AMBER, YELLOW = "#56B4E9", "#E69F00", "#F0E442"
GREY, PALE, INK = "#666", "#bbb", "#333"
# the same roles as words on white: green, orange and pink are too pale to be read (WCAG 2.2: 4.5)
DARK = {RECEIVER: "#00734F", LOSS: "#A84300", THIRD: "#94426F"}
FONT = "system-ui,sans-serif"
THEORY = {"color": "0.45", "linestyle": "--", "linewidth": 1.4, "zorder": 1}


def use_style():
    """Draw this notebook's figures in the style of the course, sharp on every screen."""
    import matplotlib.pyplot as plt  # here, so that panels get colours without it
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    plt.style.use(Path(__file__).with_name("netlib.mplstyle"))
    set_matplotlib_formats("retina", bbox_inches=None)  # constrained layout has cut the margins


def ink_on(color: str) -> str:
    """Return the colour of words on a ground in the colour of a role, or in a fill."""
    return "white" if color == SENDER else "black"


def dark(color: str) -> str:
    """Return the colour in which words of a role are written: its own, or a darker twin."""
    return DARK.get(color, color)

"""Milliseconds from a click to the text in the page: the UDP panel's, and the least there can be.

usage: python tests/benchmarks/click_to_text.py [ROUNDS]
The floor is a bare button whose callback sets the value of an HTML widget. Both are measured in
the page itself, in turns, in one run.
"""

import json
import statistics
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from browser.lab import Lab, running_lab

PANELS = """
import ipywidgets as ipw
from itertools import count
from netlib.panels.udp import UDPPanel

button, shown, clicks = ipw.Button(), ipw.HTML(), count()
button.on_click(lambda _: setattr(shown, "value", f"click {next(clicks)}."))
button.add_class("bare-send")
shown.add_class("bare-arrivals")
ipw.VBox([button, shown, UDPPanel().box])
"""

MEASURE = """([kind, word]) => {
    const shown = document.querySelector(`.${kind}-arrivals`);
    return new Promise((done, fail) => {
        setTimeout(() => fail(`${word} was not shown`), 5000);
        const began = performance.now();
        new MutationObserver((_, observer) => {
            if (shown.textContent.includes(word)) {
                observer.disconnect();
                done(performance.now() - began);
            }
        }).observe(shown, {childList: true, subtree: true, characterData: true});
        document.querySelector(`.${kind}-send`).click();
    });
}"""
IDLE = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"


def main(rounds: int):
    with running_lab() as lab:
        show_panels(lab)
        times = {"netlib": [], "bare": []}
        for number in range(rounds + 5):
            for kind, taken in times.items():
                taken.append(click(lab, kind, f"click {number}."))
    for kind, taken in times.items():
        del taken[:5]  # while the page and the kernel warm up
        middle, low, high = statistics.median(taken), min(taken), max(taken)
        print(f"{kind:6}  median {middle:5.1f} ms, from {low:.1f} to {high:.1f}, of {len(taken)}")
    assert statistics.median(times["netlib"]) <= 100, "a click should be answered within 100 ms"


def show_panels(lab: Lab):
    cell = {"cell_type": "code", "metadata": {}, "source": PANELS}
    cell |= {"outputs": [], "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    notebook["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    (lab.notebooks / "99-click.ipynb").write_text(json.dumps(notebook))
    assert lab.open("99-click.ipynb").run_all() == []
    lab.page.locator(".netlib-send").wait_for()


def click(lab: Lab, kind: str, word: str) -> float:
    lab.page.locator(".netlib-text input").fill(word)
    lab.page.wait_for_function(IDLE)
    return lab.page.evaluate(MEASURE, [kind, word])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)

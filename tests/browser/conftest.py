"""One JupyterLab and one browser for all tests of this folder, gone before other tests run."""

import os

import pytest

from browser.lab import chromium, running_lab


@pytest.fixture(scope="package")
def lab():
    """Open JupyterLab in a browser."""
    if chromium() is None:
        problem = "no Chromium or Chrome found; BROWSER_PATH may name one"
        pytest.fail(problem) if "CI" in os.environ else pytest.skip(problem)
    with running_lab() as running:
        yield running


@pytest.fixture
def no_complaint(lab):
    """Fail a test that makes the page report an error or ask beyond its server."""
    yield
    complaints, lab.complaints[:] = lab.complaints[:], []
    assert complaints == []

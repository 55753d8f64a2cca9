"""What a reader sees first, when the README's first command has opened the course."""

import pytest
from playwright.sync_api import expect

from browser.lab import Lab
from netlib import course

pytestmark = pytest.mark.usefixtures("no_complaint")

FIRST = """async () => {
    const panels = [...jupyterapp.shell.widgets('main')].filter(panel => panel.context);
    const first = panels.find(panel => panel.context.path.startsWith('00-'));
    await first.sessionContext.ready;
    const {kernel} = first.sessionContext.session;
    const {language_info} = await kernel.info;
    await kernel.spec;
    await new Promise(requestAnimationFrame);  // the page has taken both in, too
    const {model} = first.context;
    const code = model.toJSON().cells.filter(cell => cell.cell_type === 'code');
    return {
        dirty: model.dirty, language_info,
        outputs: code.filter(cell => cell.outputs.length).length,
        trusted: [...model.cells].every(cell => cell.type !== 'code' || cell.trusted),
    };
}"""


@pytest.fixture(scope="module")
def first(lab: Lab) -> dict:
    """Return what the page has of the first notebook, with its kernel running."""
    return lab.page.evaluate(FIRST)


def test_the_first_notebook_is_open_without_outputs_and_trusted(first):
    assert first["outputs"] == 0 and first["trusted"]


def test_opening_a_notebook_does_not_mark_it_as_changed(first):
    assert first["language_info"] == course.language_info()
    assert not first["dirty"]


def test_no_question_about_news_covers_the_page(lab, first):
    expect(lab.page.locator(".Toastify__toast")).to_have_count(0)

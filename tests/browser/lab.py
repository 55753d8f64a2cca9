"""A JupyterLab of the tests' own, and a real browser to look at it with."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from kernels import NOTEBOOKS, TESTS
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, sync_playwright

TIMEOUT = 30.0  # seconds
ARTEFACTS = TESTS / "artefacts"
HOSTILE = ["<img src=x onerror=window.pwned=1>", "a smile 🙂 in UTF-8", "</td><script>pwned=1"]
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
BADGE = "https://mybinder.org/badge_logo.svg"  # the first cell's link to Binder; not fetched here
DEBUGGER = "Could not restore the debugger state"  # JupyterLab says so when a kernel restarts
ON_THIS_PAGE = ("data", "blob")  # what a page may load beside the server's own files

READY = "() => window.jupyterapp?.restored.then(() => true)"
OPEN = """async ([path, kernel]) => {
    const panel = await jupyterapp.commands.execute('docmanager:open', {path, kernel});
    jupyterapp.shell.activateById(panel.id);
    await panel.sessionContext.ready;
    const {id} = panel.sessionContext.session.kernel;
    return {id};
}"""
RUN_ALL = """async () => {
    await jupyterapp.commands.execute('notebook:run-all-cells');
    const {cells} = jupyterapp.shell.currentWidget.content.model.toJSON();
    const outputs = cells.flatMap(cell => cell.outputs ?? []);
    return outputs.filter(output => output.output_type === 'error').map(error => error.evalue);
}"""
RUN_CELL = "() => jupyterapp.commands.execute('notebook:run-cell')"
ASK = """async code => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false});
    let said = '';
    future.onIOPub = message => { said += message.content.text ?? ''; };
    await future.done;
    return said;
}"""
SHOW_CELL = """async index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    await notebook.scrollToItem(index, 'start');
}"""


def chromium() -> str | None:
    """Return the path of a Chromium or Chrome, or None; the variable BROWSER_PATH names one."""
    names = [os.environ.get("BROWSER_PATH"), "chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, filter(None, names))), None)


class Lab:
    """A page of JupyterLab; `complaints` has each error and each request beyond the server."""

    def __init__(self, url: str, page: Page, notebooks: Path):
        self.page, self.complaints = page, []
        self._server, self.notebooks, self._panels_kernel = urlsplit(url).netloc, notebooks, None
        page.set_default_timeout(TIMEOUT * 1000)
        page.route(BADGE, lambda route: route.fulfill(content_type="image/svg+xml", body="<svg/>"))
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("request", self._requested)
        page.goto(f"{url}/lab?reset")
        page.wait_for_function(READY)

    def open(self, pattern: str) -> "OpenNotebook":
        """Open the notebook whose name matches, wait for its kernel, run every cell."""
        (path,) = self.notebooks.glob(pattern)
        self.page.evaluate(OPEN, [path.name, None])
        notebook = OpenNotebook(self.page, path)
        assert notebook.run_all() == []
        return notebook

    def open_panel(self, pattern: str) -> "OpenNotebook":
        """Open a notebook of one cell: the one that shows the panel in the notebook that matches.

        The page of a whole notebook takes seconds to draw; test_hard_use runs all of its cells.
        All these share one kernel: it takes a second to start.
        """
        (whole,) = self.notebooks.glob(pattern)
        told = json.loads(whole.read_text(encoding="utf-8"))
        told["cells"] = [cell for cell in told["cells"] if _shows_panel(cell)][:1]
        return self._open_beside(f"panel-of-{whole.stem}", told)

    def open_cells(self, name: str, sources: list[str]) -> "OpenNotebook":
        """Open a notebook of these cells, on the same kernel."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # or Lab asks
        return self._open_beside(name, nbformat.v4.new_notebook(cells=cells, metadata=kernel))

    def _open_beside(self, name: str, notebook: dict) -> "OpenNotebook":
        path = self.notebooks / f"{name}.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        self._panels_kernel = self.page.evaluate(OPEN, [path.name, self._panels_kernel])
        return OpenNotebook(self.page, path)

    def _said(self, message: ConsoleMessage):
        if message.type == "error" and DEBUGGER not in message.text:
            self.complaints.append(f"console: {message.text} at {message.location}")

    def _requested(self, request: Request):
        parts = urlsplit(request.url)
        here = parts.netloc == self._server or parts.scheme in ON_THIS_PAGE
        if not here and request.url != BADGE:
            self.complaints.append(f"a request left for {request.url}")


class OpenNotebook:
    """The notebook in front, with a panel in one of its cells."""

    def __init__(self, page: Page, path: Path):
        self.page, self.name = page, path.stem
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        self._panel_cell = next(n for n, c in enumerate(cells) if _shows_panel(c))

    def show(self):
        """Bring the notebook to the front."""
        self.page.evaluate(OPEN, [f"{self.name}.ipynb", None])

    def run_all(self) -> list[str]:
        """Run every cell; return what the errors said, if there were any."""
        return self.page.evaluate(RUN_ALL)

    def ask(self, code: str) -> str:
        """Run some code in the notebook's kernel, out of the page's sight; return its prints."""
        return self.page.evaluate(ASK, code)

    def panel(self, *, run: bool = False) -> Locator:
        """Scroll to the panel (only what is near is drawn), having run its cell; return it."""
        self.page.evaluate(SHOW_CELL, self._panel_cell)
        if run:
            self.page.evaluate(RUN_CELL)
        panel = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .netlib-panel")
        panel.locator(".netlib-stop").wait_for()
        return panel

    def keep_picture(self):
        """Keep a screenshot of the page, and one of the panel."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{self.name}.png")
        self.panel().screenshot(path=ARTEFACTS / f"{self.name}-panel.png")


def part(panel: Locator, name: str) -> Locator:
    """Return a control or a table of a panel by its class; the field inside, if it has one."""
    found = panel.locator(f".netlib-{name}")
    return found.locator("input") if name == "text" else found


def _shows_panel(cell: dict) -> bool:
    return cell["cell_type"] == "code" and "Panel(" in "".join(cell["source"])


@contextmanager
def running_lab(scale: int = 1):
    """Start the server and the browser side by side; stop both, and remove their files.

    scale: the screen's pixels for each one of the page's.
    """
    with ExitStack() as cleanup:
        home = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="lab")))
        notebooks = home / "notebooks"
        shutil.copytree(NOTEBOOKS, notebooks)
        server = cleanup.enter_context(_server(home, notebooks))
        playwright = cleanup.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        cleanup.callback(browser.close)
        look = {"viewport": {"width": 1280, "height": 900}, "device_scale_factor": scale}
        page = browser.new_page(**look)
        yield Lab(_address(server, home / "run"), page, notebooks)


@contextmanager
def _server(home: Path, notebooks: Path):
    names = {"HOME": "", "JUPYTER_RUNTIME_DIR": "run", "JUPYTER_DATA_DIR": "data"}
    names |= {"JUPYTER_CONFIG_DIR": "config", "IPYTHONDIR": "ipython"}
    settings = {
        "IdentityProvider.token": "",
        "ServerApp.port": "0",  # any free one; the runtime directory tells which
        "ServerApp.root_dir": str(notebooks),
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    news = home / "config/lab/user-settings/@jupyterlab/apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser"]
    command += ["--allow-root", *(f"--{name}={value}" for name, value in settings.items())]
    environment = os.environ | {name: str(home / path) for name, path in names.items()}
    with open(home / "log", "w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()  # it ends its kernels
            process.wait(TIMEOUT)


def _address(server: subprocess.Popen, runtime: Path) -> str:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(path.read_text())["url"].rstrip("/")
                urllib.request.urlopen(url + "/api/status", timeout=1).close()
                return url
            except (OSError, ValueError):
                time.sleep(0.05)  # it writes the file, then begins to answer
    raise RuntimeError((runtime.parent / "log").read_text())

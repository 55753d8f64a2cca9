"""Open the course in working copies, so that nothing is spoilt: python -m netlib.course --help.

    notebooks/08-….ipynb   the course's own: outputs for readers on the web; `git pull` renews them
        |  outputs cleared (no Predict stands above its answer), trusted, this Python named in it
        v
    course/08-….ipynb      the reader's: git does not see it, and no later edition overwrites it

Beside the copies, `.editions.json` keeps for each file which edition was offered last, and the
digests of all that was written. A copy with such a digest may be renewed. Another has been changed
by its reader, and stays: a newer edition is put beside it once, as `08-….new.ipynb`.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS, FOLDER = ROOT / "notebooks", ROOT / "course"
RECORD = ".editions.json"
LARGE = {"NETLIB_ROOM": "large"}  # what netlib.panels reads for the size of its panels
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
FONTS = {"content-font-size1": "17px", "code-font-size": "16px"}  # as in the presentation mode
LARGE_FONTS = {"@jupyterlab/apputils-extension:themes": {"overrides": FONTS}}
MISSING = f"""{sys.executable} lacks what the course needs. To install it, in {ROOT}:
{sys.executable} -m pip install -r requirements.txt
"""
EPILOG = """What follows -- is JupyterLab's own, such as -- --port 9000. Exit codes: 0 the copies
are made, and JupyterLab has ended, 2 it could not begin: the reason is printed, 130 interrupted."""


def main(arguments: list[str] | None = None) -> int:
    """Make or renew the working copies and open JupyterLab; return --help's exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    cut = words.index("--") if "--" in words else len(words)
    options, for_lab = parser().parse_args(words[:cut]), words[cut + 1 :]
    try:
        first, folder = named(options.notebook), options.folder.expanduser().resolve()
        for line in renew(folder, with_outputs=options.with_outputs):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        if not options.prepare:
            browser = ["--no-browser"] if options.no_browser else []
            open_lab(folder, first, [*browser, *for_lab], large=options.large)
    except (ValueError, OSError, ImportError) as error:
        sys.stderr.write(f"{error}\n")
        if isinstance(error, ImportError):
            sys.stderr.write(MISSING)
        elif isinstance(error, OSError):
            sys.stderr.write("--folder names another place for the copies.\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m netlib.course",
        description="Make working copies of the course's notebooks, and open them in JupyterLab.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--notebook", default="00", metavar="08", help="which to open (default 00)")
    add("--folder", type=Path, default=FOLDER, help=f"of the copies (default {FOLDER})")
    add("--large", action="store_true", help="panels and letters for a stage")
    add("--with-outputs", action="store_true", help="keep the stored outputs in the copies")
    add("--no-browser", action="store_true", help="print the address only")
    add("--prepare", action="store_true", help="make the copies, and open nothing")
    return parser


def course_files() -> dict[str, Path]:
    """Return the course's files by their path in a workspace, in order.

    Raises ValueError where netlib was installed without the notebooks.
    """
    names = {path.relative_to(NOTEBOOKS).as_posix(): path for path in NOTEBOOKS.rglob("*")}
    files = {name: names[name] for name in sorted(names) if names[name].is_file()}
    files = {name: path for name, path in files.items() if not any_hidden(name)}
    if not files:
        raise ValueError(f"no notebooks in {NOTEBOOKS}: run this from a copy of the whole course")
    return files


def any_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def named(text: str) -> str:
    """Return the one notebook whose name begins with the text ("8", "08", "solutions/08")."""
    names = [name for name in course_files() if name.endswith(".ipynb")]
    found = [name for name in names if name.startswith(text.zfill(2))]
    if len(found) != 1:
        choice = ", ".join(name.partition("-")[0] for name in names if "/" not in name)
        raise ValueError(f"--notebook must name one of {choice}; got {text!r}")
    return found[0]


def renew(folder: Path, *, with_outputs: bool = False) -> Iterator[str]:
    """Bring a folder up to this edition of the course; yield what its reader should know.

    Raises ValueError for the course's own folder, OSError where nothing can be written.
    """
    if folder == NOTEBOOKS or NOTEBOOKS in folder.parents:
        raise ValueError(f"--folder must be another than the course's own {NOTEBOOKS}")
    old, new = read_record(folder), {}
    for name, source in course_files().items():
        original = source.read_bytes()
        is_notebook = source.suffix == ".ipynb"
        copy = working_copy(original, with_outputs=with_outputs) if is_notebook else original
        edition, (offered, *written) = digest(original), old.get(name, [""])
        place = put(folder, name, copy, written, again=offered == edition)
        if is_notebook:
            trust(copy)
        if place != name:
            yield f"{name} stays as you changed it; its new edition is beside it: {place}"
        new[name] = [edition, *{*written, digest(copy)}]
    for name in old.keys() - new.keys():
        if (folder / name).exists():
            yield f"{name} is not in this edition of the course; your copy stays"
    write(folder / RECORD, json.dumps(new, indent=1).encode())
    yield f"Your working copies: {folder}"


def put(folder: Path, name: str, copy: bytes, written: list[str], *, again: bool) -> str:
    """Write a copy where it overwrites only what was written before; return where that is.

    written: digests of what was written before; again: this edition has been offered already, so
    that a reader who changed it, or threw away the one beside, is left alone.
    """
    for place in places(name):
        path = folder / place
        now = digest(path.read_bytes()) if path.exists() else None
        if now in (None, digest(copy), *written):
            if now != digest(copy):
                write(path, copy)
            return place
        if again:
            return name
    raise AssertionError("there is always one more place")


def places(name: str) -> Iterator[str]:
    """Yield where a file may be put: its name, then others beside it."""
    yield name
    stem, dot, suffix = name.rpartition(".")
    for number in count(1):
        yield f"{stem}.new{number if number > 1 else ''}{dot}{suffix}"


def working_copy(notebook: bytes, *, with_outputs: bool) -> bytes:
    """Return a notebook as JupyterLab would save it unread: without outputs, unless they are asked.

    JupyterLab writes the kernel's version of Python into each notebook that it opens, and marks
    it as changed if another was there.
    """
    content = json.loads(notebook)
    content["metadata"]["language_info"] = language_info()
    for cell in content["cells"]:
        if cell["cell_type"] == "code" and not with_outputs:
            cell["outputs"], cell["execution_count"] = [], None
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def language_info() -> dict:
    """Return what a kernel of this Python says of its language."""
    return {
        "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{sys.version_info.major}",
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
    }


def trust(notebook: bytes):
    """Sign a notebook for its reader, as `jupyter trust` does, so that its pictures are shown."""
    import nbformat
    from nbformat.sign import NotebookNotary

    NotebookNotary().sign(nbformat.reads(notebook.decode(), as_version=4))


def open_lab(folder: Path, notebook: str, arguments: list[str], *, large: bool = False):
    """Run JupyterLab with a notebook open until it is ended; its settings are left alone."""
    from jupyterlab.labapp import LabApp

    root = ROOT if ROOT in folder.parents else folder  # links to netlib's source work, too
    address = "/lab/tree/" + quote((folder / notebook).relative_to(root).as_posix())
    os.environ.update(LARGE if large else {})
    with tempfile.TemporaryDirectory() as config:
        overrides = Path(config, "labconfig", "default_setting_overrides.json")
        overrides.parent.mkdir()
        overrides.write_text(json.dumps(QUIET | (LARGE_FONTS if large else {})))
        paths = [config, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
        os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
        settings = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url={address}"]
        LabApp.launch_instance([*settings, *arguments])


def read_record(folder: Path) -> dict[str, list[str]]:
    """Return by name the edition offered last and all that was written; nothing if unreadable."""
    try:
        return dict(json.loads((folder / RECORD).read_text()))
    except (OSError, ValueError):
        return {}


def write(path: Path, content: bytes):
    """Replace a file in one step: a reader never has half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_bytes(content)
    half.replace(path)


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())

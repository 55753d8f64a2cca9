"""Working copies of the course: nothing spoilt, nothing overwritten, nothing left unsaid."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from netlib import course
from netlib.panels import style

FIRST = "00-start-here.ipynb"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Keep the signatures in a data folder of the test's own."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def edition(tmp_path, monkeypatch):
    """A small edition of the course, which a test can change."""
    folder = tmp_path / "edition"
    (folder / "solutions").mkdir(parents=True)
    (folder / "images").mkdir()
    for name in (FIRST, "08-stop-and-wait.ipynb", "solutions/00-start-here.ipynb"):
        shutil.copy(course.NOTEBOOKS / name, folder / name)
    (folder / "images" / "a.png").write_bytes(b"picture")
    monkeypatch.setattr(course, "NOTEBOOKS", folder)
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "copies"


def renew(folder, **options):
    return list(course.renew(folder, **options))


def code(path):
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if "outputs" in cell]


def change(path, words="my own words"):
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][0]["source"] = [words]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


def test_copies_have_no_outputs_are_trusted_and_name_this_python(edition, folder):
    assert any(cell["outputs"] for cell in code(edition / FIRST))
    renew(folder)
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code(folder / FIRST))
    copy = nbformat.read(folder / FIRST, as_version=4)
    assert NotebookNotary().check_signature(copy)
    assert copy.metadata.language_info.version == "{}.{}.{}".format(*sys.version_info[:3])


def test_with_outputs_they_are_kept_and_all_else_is_the_same(edition, folder):
    renew(folder, with_outputs=True)
    assert code(folder / FIRST) == code(edition / FIRST)


def test_pictures_and_solutions_stand_at_the_same_relative_places(edition, folder):
    renew(folder)
    assert (folder / "images" / "a.png").read_bytes() == b"picture"
    assert (folder / "solutions" / FIRST).exists()


def test_the_courses_own_notebooks_are_left_as_they_were(edition, folder):
    before = {path: path.read_bytes() for path in edition.rglob("*.ipynb")}
    renew(folder)
    assert {path: path.read_bytes() for path in edition.rglob("*.ipynb")} == before


def test_a_second_time_writes_nothing_anew(edition, folder):
    renew(folder)
    stamps = {path: path.stat().st_mtime_ns for path in folder.rglob("*.ipynb")}
    assert renew(folder) == [f"Your working copies: {folder}"]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.ipynb")} == stamps


def test_a_newer_edition_replaces_what_nobody_has_changed(edition, folder):
    renew(folder)
    change(edition / FIRST, "a newer edition")
    assert renew(folder) == [f"Your working copies: {folder}"]
    assert "a newer edition" in (folder / FIRST).read_text("utf-8")


def test_what_the_reader_has_changed_stays_and_the_newer_edition_is_put_beside_it_once(
    edition, folder
):
    renew(folder)
    change(folder / FIRST)
    mine = (folder / FIRST).read_bytes()
    assert renew(folder) == [f"Your working copies: {folder}"]  # it is no newer edition
    change(edition / FIRST, "a newer edition")
    lines = renew(folder)
    beside = folder / "00-start-here.new.ipynb"
    assert any(beside.name in line for line in lines)
    assert (folder / FIRST).read_bytes() == mine
    assert "a newer edition" in beside.read_text("utf-8")
    beside.unlink()
    assert renew(folder) == [f"Your working copies: {folder}"]  # thrown away is thrown away
    assert not beside.exists()


def test_two_changed_editions_stand_beside_each_other(edition, folder):
    renew(folder)
    change(folder / FIRST)
    change(edition / FIRST, "the second edition")
    renew(folder)
    change(folder / "00-start-here.new.ipynb", "mine, too")
    change(edition / FIRST, "the third edition")
    renew(folder)
    assert "mine, too" in (folder / "00-start-here.new.ipynb").read_text("utf-8")
    assert "the third edition" in (folder / "00-start-here.new2.ipynb").read_text("utf-8")


def test_a_notebook_that_left_the_course_stays_with_its_reader(edition, folder):
    renew(folder)
    (edition / FIRST).rename(edition / "00-another-name.ipynb")
    assert any(line.startswith(f"{FIRST} is not in this edition") for line in renew(folder))
    assert (folder / FIRST).exists() and (folder / "00-another-name.ipynb").exists()


def test_a_broken_record_costs_no_copy(edition, folder):
    renew(folder)
    change(folder / FIRST)
    mine = (folder / FIRST).read_bytes()
    (folder / course.RECORD).write_text("{ broken")
    renew(folder)
    assert (folder / FIRST).read_bytes() == mine


@pytest.mark.parametrize("text", ["8", "08", "08-stop"])
def test_a_notebook_is_named_by_its_number(edition, text):
    assert course.named(text) == "08-stop-and-wait.ipynb"
    assert course.named("solutions/00") == f"solutions/{FIRST}"


def run(*arguments, **environment):
    command = [sys.executable, "-m", "netlib.course", *arguments]
    surroundings = os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=surroundings)


def test_a_folder_that_cannot_be_made_is_named_with_a_cure(tmp_path):
    (tmp_path / "file").write_text("in the way")
    ended = run("--prepare", "--folder", str(tmp_path / "file"))
    assert ended.returncode == 2 and "Traceback" not in ended.stderr
    assert str(tmp_path / "file") in ended.stderr and "--folder names another" in ended.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--notebook", "77"], "--notebook must name one of 00, "),
        (["--folder", str(course.NOTEBOOKS / "x")], "--folder must be another than the course's"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(words, reason, capsys):
    assert course.main(["--prepare", *words]) == 2
    assert reason in capsys.readouterr().err


def test_an_abbreviation_is_no_option(capsys):
    with pytest.raises(SystemExit) as ended:
        course.main(["--prep"])
    assert ended.value.code == 2 and "--prep" in capsys.readouterr().err


def test_what_large_sets_is_what_the_panels_read():
    assert course.LARGE == {style.VARIABLE: "large"}


def test_importing_it_loads_no_jupyterlab():
    program = "import netlib.course, sys; sys.exit('jupyterlab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=30).returncode == 0

"""What readers do to notebooks: run cells in any order, twice, two at once; answer exercises."""

import gc
import random
import re
import subprocess
import sys
import time
import warnings
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from kernels import NOTEBOOKS, Cell, CellError, Kernel, code_cells, notebooks
from watcher import Watcher

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the watcher reads Linux's /proc")
SOLUTIONS = NOTEBOOKS / "solutions"
ANSWERS = Path(__file__).parent / "answers"
BOUND = 15.0  # seconds that a check may take, whatever the answer does
ENDLESS = "did not end within"  # the verdict on an answer that would use a processor for ever
SOONER = 10  # how many times sooner it is stopped here: that saves 26 s of processor time


@dataclass
class Findings:
    """What one kernel held at four moments, said at the checks, and ever bound a socket to."""

    held: dict[str, dict]
    blank: dict[str, str]
    solved: dict[str, str]
    misjudged: list[str]
    hosts: list[str]


@dataclass
class Ordeal:
    """One notebook in two kernels at once: one used hard, and one that just runs it.

    That one is at level L1 and may open few files; the notebook has to make do with that.
    """

    hard: "Future[Findings]"
    plain: Future
    watcher: Watcher

    @property
    def found(self) -> Findings:
        """What the hard use found; if it failed, each test fails with its message, kept short."""
        if error := self.hard.exception():
            raise AssertionError(str(error) or repr(error)) from None
        return self.hard.result()


@pytest.fixture(scope="module", params=notebooks(), ids=lambda path: path.stem)
def ordeal(request) -> Ordeal:
    """Run a notebook in two kernels at once, watched; each test looks at another side of it."""
    with Watcher() as watcher, ThreadPoolExecutor(2) as pool:
        hard = pool.submit(use_hard, request.param)
        plain = pool.submit(use_once, request.param)
    with warnings.catch_warnings():  # jupyter_client leaves an event loop in each thread: collect
        warnings.simplefilter("ignore", ResourceWarning)  # it here, not in a test that is strict
        gc.collect()
    return Ordeal(hard, plain, watcher)


def use_once(path: Path):
    """Run all on a machine that allows little."""
    with Kernel() as kernel:
        kernel.probe("render_nothing()")
        kernel.probe("be_a_plain_machine()")
        kernel.probe("allow_files(400)")
        kernel.run_all(code_cells(path))


def use_hard(path: Path) -> Findings:
    """Every cell in order, in reverse, shuffled and twice in a row; then answers to exercises."""
    cells, held = code_cells(path), {}
    shuffled = random.Random(path.stem).sample(cells, len(cells))
    with Kernel() as kernel:
        kernel.probe("render_nothing()")
        kernel.probe("note_every_bind()")
        held["at the start"] = kernel.probe("held()")
        kernel.run_all(cells)
        held["after the first pass"] = kernel.probe("held()")
        kernel.probe("allow_files(200)")  # 06 loads its servers with 180 clients then, not 1000
        kernel.run_all(cells[::-1])
        kernel.run_all([cell for cell in shuffled for _ in range(2)])
        blank = judge(path, kernel)
        solved = solve(path, kernel)
        misjudged = misjudgements(path, kernel)
        held["after all passes"] = kernel.probe("held()")
        kernel.probe("stop_panels()")
        held["after the panels' stop"] = kernel.probe("held()")
        return Findings(held, blank, solved, misjudged, kernel.probe("ADDRESSES"))


@dataclass(frozen=True)
class Answer:
    """What a student writes into an exercise's cell, and what the check is to say of it."""

    path: Path
    exercise: str
    right: bool
    words: str  # of a wrong answer: these name the fault
    source: str


def answers(path: Path) -> list[Answer]:
    """Return the answers kept for a notebook's exercises.

    A file holds them one below the other, each under a line such as
    `# %% exercise 2: right` or `# %% exercise 2: wrong, expected to wait`.
    """
    text = (ANSWERS / path.with_suffix(".py").name).read_text(encoding="utf-8")
    parts = re.split(r"^# %% exercise (\w+): (right|wrong)(?:, (.+))?\n", text, flags=re.M)[1:]
    fields = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    return [Answer(path, n, kind == "right", words or "", s) for n, kind, words, s in fields]


def misjudgements(path: Path, kernel: Kernel) -> list[str]:
    """Judge all answers, last those that never end: the limits that end them come sooner then."""
    endless, others = [], []
    for answer in answers(path):
        (endless if ENDLESS in answer.words else others).append(answer)
    faults = [misjudgement(answer, kernel) for answer in others]
    kernel.probe(f"divide_limits({SOONER})")
    faults += [misjudgement(answer, kernel) for answer in endless]
    return [fault for fault in faults if fault]


def misjudgement(answer: Answer, kernel: Kernel) -> str:
    """Answer an exercise and run its check; return what is wrong with its verdict, or ""."""
    (cell,) = (c for c in code_cells(answer.path) if f"exercise-{answer.exercise}" in c.tags)
    (check,) = (c for c in code_cells(answer.path) if f"check-{answer.exercise}" in c.tags)
    kernel.run(replace(cell, source=answer.source))
    began = time.monotonic()
    ((_, sentence),) = verdicts(check, kernel.run(check))
    took = time.monotonic() - began
    if limit := re.search(rf"{ENDLESS} ([\d.]+) s", sentence):
        took += (SOONER - 1) * float(limit[1])
    expected = "solved" if answer.right else answer.words
    if expected and expected in sentence and took < BOUND:
        return ""
    return f"{answer.source}\n expected {expected!r}, got {sentence!r} after {took:.1f} s"


def solve(path: Path, kernel: Kernel) -> dict[str, str]:
    """Run the solutions; return what the notebook's own checks say then."""
    if exercises(path):
        setup, *rest = code_cells(SOLUTIONS / path.name)
        for cell in [setup, *(c for c in rest if tagged("exercise", c))]:
            kernel.run(cell)
    return judge(path, kernel)


def judge(path: Path, kernel: Kernel) -> dict[str, str]:
    """Run a notebook's checks; return what each says."""
    checks = [c for c in code_cells(path) if tagged("check", c)]
    return {tag: said for cell in checks for tag, said in verdicts(cell, kernel.run(cell))}


def tagged(kind: str, cell: Cell) -> list[str]:
    return [tag for tag in cell.tags if re.fullmatch(rf"{kind}-\w+", tag)]


def exercises(path: Path, kind: str = "exercise") -> list[str]:
    tags = [tag for cell in code_cells(path) for tag in tagged(kind, cell)]
    return sorted(tag.removeprefix(kind + "-") for tag in tags)


def verdicts(cell: Cell, outputs: list[dict]) -> list[tuple[str, str]]:
    said = "\n".join(o.get("text") or o["data"].get("text/plain", "") for o in outputs)
    return [(tag, said) for tag in tagged("check", cell)]


def test_every_cell_runs_again_in_reverse_shuffled_and_twice_in_a_row(ordeal):
    assert ordeal.found


def test_it_runs_on_a_machine_that_allows_little_beside_another_kernel(ordeal):
    assert str(ordeal.plain.exception() or "") == ""
    assert ordeal.found


def test_more_passes_leave_no_more_sockets_or_threads_than_the_first(ordeal):
    held = ordeal.found.held
    first, second = held["after the first pass"], held["after all passes"]
    assert second["sockets"] <= first["sockets"]
    assert len(second["threads"]) <= len(first["threads"]), second["threads"]


def test_once_the_panels_are_stopped_nothing_is_left(ordeal):
    held = ordeal.found.held
    assert held["after the panels' stop"] == held["at the start"]


def test_nothing_was_bound_beyond_loopback(ordeal):
    loopback = {"127.0.0.1", "::1", "localhost", "lo"}  # the interface: of a packet socket
    assert set(ordeal.found.hosts) <= loopback
    if sys.platform == "linux":
        assert ordeal.watcher.samples > 10
        assert not ordeal.watcher.strangers


def test_every_check_says_not_yet_on_the_blank_and_solved_on_the_solution(ordeal):
    found = ordeal.found
    assert {tag: said for tag, said in found.blank.items() if "not yet" not in said} == {}
    assert {tag: said for tag, said in found.solved.items() if "solved" not in said} == {}


def test_the_checks_tell_right_answers_from_wrong_ones_and_name_the_fault(ordeal):
    assert "\n\n".join(ordeal.found.misjudged) == ""


def test_an_unsolved_exercise_shows_one_mark(ordeal):
    assert {
        tag: said.count("not yet") for tag, said in ordeal.found.blank.items()
    } == dict.fromkeys(ordeal.found.blank, 1)


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_every_exercise_keeps_three_right_and_three_wrong_answers(path):
    kept = Counter((answer.exercise, answer.right) for answer in answers(path))
    expected = {(number, right) for number in exercises(path) for right in (True, False)}
    assert set(kept) == expected
    assert {key: count for key, count in kept.items() if count < 3} == {}


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_every_exercise_has_a_check_and_a_solution(path):
    assert exercises(path) == exercises(path, "check")
    if exercises(path):
        assert exercises(path) == exercises(SOLUTIONS / path.name)


@pytest.mark.parametrize("call", ["1 / 0", "await asyncio.sleep('soon')"])
def test_a_cell_that_raises_among_many_is_found_and_ends_them(call):
    sources = ["import asyncio\nran = []", "ran.append(1)", call, "ran.append(2)"]
    cells = [Cell("the test's [1]", source, frozenset(), None, []) for source in sources]
    with Kernel() as kernel:
        with pytest.raises(CellError, match=r"the test's\n(.*\n)*.*(Zero|Type)"):
            kernel.run_all(cells)
        assert kernel.run_source("print(ran)")[0]["text"] == "[1]\n"
        kernel.run_all(cells[1:2] * 2)
        assert kernel.run_source("print(ran)")[0]["text"] == "[1, 1, 1]\n"


@on_linux
@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_STREAM"])
@pytest.mark.parametrize("host, stranger", [("", True), ("127.0.0.1", False), ("127.0.0.2", False)])
def test_the_watcher_names_what_a_child_opens_to_the_world(kind, host, stranger):
    with Watcher() as watcher, child(OPEN, kind, host) as opened:
        port = opened.stdout.readline().strip()
        seen, deadline = watcher.samples, time.monotonic() + 5
        while watcher.samples < seen + 2 and time.monotonic() < deadline:
            opened.poll()
        opened.communicate("close\n", timeout=5)
    table = "tcp" if kind == "SOCK_STREAM" else "udp"
    assert watcher.strangers == ({f"{table} 0.0.0.0 port {port}"} if stranger else set())


OPEN = """
import socket, sys
with socket.socket(socket.AF_INET, getattr(socket, sys.argv[1])) as sock:
    sock.bind((sys.argv[2], 0))
    if sys.argv[1] == "SOCK_STREAM":
        sock.listen()
    print(sock.getsockname()[1], flush=True)
    input()
"""


def child(code: str, *arguments: str) -> subprocess.Popen:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], **pipes)

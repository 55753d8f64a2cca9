"""The command of hostile input and accidents: it repeats what failed, and fails."""

import pytest
import soak

CHEAP = ["framing", "netem", "ping", "headers", "segments", "shown", "machines"]


def test_a_few_cases_of_each_row_that_only_computes_pass(capsys):
    assert soak.main([*CHEAP, "--cases", "300", "--seed", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in lines] == [[name, "300", "cases", "0"] for name in CHEAP]


def test_a_case_that_fails_is_told_as_the_command_that_repeats_it(capsys, monkeypatch):
    def fail(seed):
        assert seed != 5

    monkeypatch.setitem(soak.ROWS, "framing", soak.Row(fail, 9))
    assert soak.main(["framing", "--seed", "2"]) == 1
    out, errors = capsys.readouterr()
    assert "9 cases     1 failures" in out
    assert "python tests/soak.py framing --cases 1 --seed 5" in errors
    assert soak.main(["framing", "--cases", "1", "--seed", "5"]) == 1


def test_a_row_that_is_not_there_is_refused_with_those_that_are(capsys):
    with pytest.raises(SystemExit):
        soak.main(["farming"])
    assert "expected rows of framing, netem" in capsys.readouterr().err

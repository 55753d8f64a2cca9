"""The check of a reassembler finds each fault, and none in a right one."""

import pytest

from netlib.checker.reassembly import CASES, ByCourse, _cases, fault


class Bytes:
    """Right: each byte under its own index."""

    def __init__(self, room):
        self.next, self.room, self.kept = 0, room, {}

    def insert(self, index, piece):
        new = {index + n: piece[n : n + 1] for n in range(len(piece))}
        near = {n: b for n, b in new.items() if self.next <= n < self.limit()}
        self.kept |= near
        out = b""
        while self.next in self.kept:
            out += self.kept.pop(self.next)
            self.next += 1
        return out

    def limit(self):
        return self.next + self.room


class Unbounded(Bytes):
    def limit(self):
        return 10**9


class OneTooFew(Bytes):
    def limit(self):
        return self.next + self.room - 1


class Whole:
    """Wrong: a piece counts only if it begins where it is expected."""

    def __init__(self, room):
        self.next, self.kept = 0, {}

    def insert(self, index, piece):
        self.kept[index] = piece
        out = b""
        while self.next in self.kept and (part := self.kept.pop(self.next)):
            out += part
            self.next += len(part)
        return out


@pytest.mark.parametrize("right", [ByCourse, Bytes])
def test_a_right_one_has_no_fault(right):
    assert fault(right) == ""


def test_a_piece_cut_anew_is_the_shortest_fault_of_one_that_keeps_pieces_whole():
    assert fault(Whole) == (
        "room 8: insert(2, b'CDEF') after insert(0, b'ABC') returned b'', expected b'DEF'"
    )


@pytest.mark.parametrize("wrong", [Unbounded, OneTooFew])
def test_a_room_of_another_size_is_found(wrong):
    assert "expected" in fault(wrong)


def test_there_are_as_many_cases_as_it_says():
    assert len(list(_cases())) == CASES

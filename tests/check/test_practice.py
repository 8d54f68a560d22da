"""The page with which the servers of a verdict warm up."""

import io
import json

import numpy as np

from dlbook.check import codec, judge, practice, student


def test_the_judge_finds_the_practice_page_right_each_time():
    lines = [json.loads(line) for line in judge._practise().splitlines()]
    assert [line["key"] for line in lines if "cell" in line] == [None] * 3 * practice.TIMES
    assert "ended" in lines[-1]


def test_the_student_gives_the_practice_answer_each_time():
    said = io.BytesIO(student._practise())
    for _ in range(practice.TIMES):
        assert codec.read(said) == ("ok", {"practice": ("callable",)})
        kind, (W, b), after, named = codec.read(said)
        assert (kind, W.shape, b.shape, named) == ("ok", (3, 2), (3, 1), {})
        assert all(map(np.array_equal, after, practice.arguments()))
    assert said.read() == b""

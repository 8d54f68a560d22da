"""The Portuguese file of a chapter, as it is read."""

from dlbook.course import translation


def test_an_empty_file_has_no_blocks(tmp_path):
    path = tmp_path / "pt-BR.md"
    path.write_text("", encoding="utf8")
    assert translation.read(path) == translation.read(tmp_path / "not-there.md") == []


def test_blocks_know_their_cell_their_line_and_their_text(tmp_path):
    path = tmp_path / "pt-BR.md"
    path.write_text("<!-- cell: one en: 0123abcd -->\nUm.\n\n<!-- cell: two en: 4567cdef -->\nDois.\n", encoding="utf8")
    first, second = translation.read(path)
    assert (first.id, first.line, first.text) == ("one", 1, "Um.")
    assert (second.id, second.line, second.text) == ("two", 4, "Dois.")

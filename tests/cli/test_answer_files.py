"""Files of answers: names of strangers made harmless, files of others left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.cli.answer_files import check_folder, safe_name, write_file
from ioa.cli.failures import BadInput


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("chart.png", "chart.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\x1b[2J\n.csv", "a[2J.csv"),
        ("..", "file"),
        ("CON.txt", "file-CON.txt"),
        (".bashrc", "bashrc"),
        ("a:b*c?.md", "a_b_c_.md"),
        ("日本語.csv", "日本語.csv"),
        ("x" * 300 + ".svg", "x" * 116 + ".svg"),
    ],
)
def test_names_of_strangers_become_plain_file_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_files_of_others_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "chart.png").write_bytes(b"mine")
    written = write_file(tmp_path, "chart.png", b"theirs")
    assert (written.path.name, written.renamed) == ("chart-2.png", True)
    assert (tmp_path / "chart.png").read_bytes() == b"mine"
    again = write_file(tmp_path, "chart.png", b"theirs")
    assert again.path == written.path
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["chart-2.png", "chart.png"]


def test_an_out_folder_below_a_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    check_folder(tmp_path / "new" / "deep")
    with pytest.raises(BadInput, match="is a file, not a folder"):
        check_folder(tmp_path / "file" / "out")

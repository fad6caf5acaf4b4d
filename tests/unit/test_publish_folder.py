"""A folder is replaced whole, or not at all."""

import errno
from pathlib import Path

import pytest

from observatoire.errors import BadInput
from observatoire.publish import folder
from observatoire.publish.folder import MARK, replaced, swap

pytestmark = pytest.mark.unit


def published(path: Path, word: str) -> Path:
    path.mkdir()
    (path / MARK).write_text(word)
    return path


def test_a_publication_takes_the_place_of_another_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    out = published(tmp_path / "out", "old")
    (out / "gone.txt").touch()

    with replaced(out) as fresh:
        (fresh / MARK).write_text("new")
        assert (out / MARK).read_text() == "old"

    assert [path.name for path in out.iterdir()] == [MARK]
    assert (out / MARK).read_text() == "new"
    assert list(tmp_path.iterdir()) == [out]
    assert out.stat().st_mode & 0o777 == 0o755


def test_what_fails_leaves_the_old_one(tmp_path: Path) -> None:
    out = published(tmp_path / "out", "old")

    with pytest.raises(IsADirectoryError), replaced(out) as fresh:
        fresh.write_text("half")

    assert (out / MARK).read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_the_first_publication_makes_the_folders_above_it(tmp_path: Path) -> None:
    with replaced(tmp_path / "a" / "b") as fresh:
        (fresh / MARK).write_text("new")

    assert (tmp_path / "a" / "b" / MARK).read_text() == "new"


def test_where_names_cannot_be_exchanged_two_steps_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: Path) -> None:
        raise OSError(errno.EINVAL, "no")

    monkeypatch.setattr(folder, "_exchange", cannot)
    out, fresh = published(tmp_path / "out", "old"), published(tmp_path / "fresh", "new")

    swap(fresh, out)

    assert [(path / MARK).read_text() for path in (out, fresh)] == ["new", "old"]


def test_only_a_publication_or_an_empty_folder_is_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    with replaced(mine):
        pass
    (mine / "thesis.txt").touch()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(mine)
    for name, said in (("mine", "not a publication"), ("file", "not a folder"), ("link", "not a folder")):
        with pytest.raises(BadInput, match=said), replaced(tmp_path / name):
            pass
    assert (mine / "thesis.txt").exists()

from pathlib import Path

import flask
import pytest

from microblog import factory
from profiling import columns, places, running
from profiling.stacks import bare_name

HERE = str(Path(__file__).resolve())


@pytest.mark.parametrize(
    ("path", "short", "package"),
    [
        (HERE, "tests/profiling/test_places.py", "tests"),
        (factory.__file__, "microblog/factory.py", "microblog"),
        (flask.__file__, "flask/__init__.py", "flask"),
        (pytest.__file__, "pytest/__init__.py", "pytest"),
        (running.__file__, "profiling/running.py", "profiling"),
        ("json/decoder.py", "json/decoder.py", "Python's library"),
        ("threading.py", "threading.py", "Python's library"),
        ("/srv/other.py", "/srv/other.py", "elsewhere"),
        ("<string>", "<string>", "elsewhere"),
        ("microblog/web/templates/home.html", "microblog/web/templates/home.html", "templates"),
    ],
)
def test_a_place_is_told_by_its_package(path: str, short: str, package: str) -> None:
    assert places.shorten(path) == short
    assert places.package_of(path) == package
    assert places.package_of(short) == package


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("<method 'poll' of 'select.poll' objects>", "select.poll.poll"),
        ("<built-in method builtins.len>", "builtins.len"),
        ("<built-in method __new__ of type object at 0x7f4612c5ea00>", "__new__ of type object"),
        ("<function WatchedCursor.execute at 0x7fdfdf63f880>", "WatchedCursor.execute"),
        ("<listcomp>", "<listcomp>"),
    ],
)
def test_functions_written_in_c_have_short_names(name: str, bare: str) -> None:
    assert bare_name(("~", 0, name)) == bare


def test_tables_are_aligned_and_end_without_spaces() -> None:
    found = columns.align(["name", "ms"], [["a", "1.0"], ["longer", "10.0"]], left=(0,))

    assert found == ["name      ms", "a        1.0", "longer  10.0"]
    assert columns.clip("0123456789", 5) == "0123…"


def test_ctrl_c_keeps_what_was_done() -> None:
    said: list[str] = []
    done: list[int] = []

    def work() -> None:
        done.append(1)
        if len(done) == 7:
            raise KeyboardInterrupt

    assert running.repeat(work, 20, said.append) == 6
    assert said == ["Stopped after 6 of 20 runs: what was seen until then follows"]
    with pytest.raises(KeyboardInterrupt):
        running.repeat(lambda: (_ for _ in ()).throw(KeyboardInterrupt), 20, said.append)

"""The values that tests/lib/shared_group.py and shared_format.py compute are
those in the manual and in the unit tests."""

import pathlib
import re

import shared_format
import shared_group

TOP = pathlib.Path(__file__).resolve().parents[2]


def bytes_of_arrays(text):
    """Hexadecimal text, and arrays of 0x.., run together."""
    return re.sub(r'[\s",{}]|0x', "", text).lower()


def test_the_manual_has_the_values_of_the_second_implementation():
    manual = (TOP / "man/tlsmgr-protocol.7").read_text()
    section = manual.partition(".Sh KEYS OF A GROUP")[2].partition(".Sh ")[0]
    for name, value in shared_group.vectors() + shared_format.vectors():
        shown = re.search(r"^%s\n((?:  [\w:-]+\n)+)" % name, section, re.MULTILINE)
        assert shown, name
        assert re.sub(r"\s", "", shown.group(1)) == value, name


def test_the_unit_tests_have_the_values_of_the_second_implementation():
    unit_tests = "".join(bytes_of_arrays(path.read_text()) for path in
                         (TOP / "tests/unit").glob("test_shared_*.c"))
    vectors = dict(shared_group.vectors() + shared_format.vectors())
    assert vectors.pop("context").endswith(vectors["digest"])
    for name, value in vectors.items():
        assert value.lower() in unit_tests, name

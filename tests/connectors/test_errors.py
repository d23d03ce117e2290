"""Faults of disks and permissions: one line that says what, where, and how to mend it."""

import errno
import os

import duckdb
import pytest

from connectors.errors import summary

FOLDER = "/srv/daybook/lake"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, f"the disk of {FOLDER} is full: free some space, then run it again"),
        (errno.EDQUOT, f"the disk of {FOLDER} is full: free some space, then run it again"),
        (errno.EROFS, f"{FOLDER} is mounted read-only: mount it writable, then run it again"),
        (errno.EACCES, f"{FOLDER} is closed to this account: run daybook as the owner"),
        (errno.EPERM, f"{FOLDER} is closed to this account: run daybook as the owner"),
        (errno.EIO, f"the disk of {FOLDER} fails (input/output error): check it"),
        (errno.EMFILE, "too many files are open: raise the limit"),
        (errno.ENOTDIR, f"{FOLDER}: Not a directory: run `daybook doctor`"),
    ],
)
@pytest.mark.parametrize("within", ["", "/.tmp-normalise-ab12cd-7-ab12cd-00/part.parquet"])
def test_what_the_system_says(number: int, words: str, within: str) -> None:
    if within and number == errno.ENOTDIR:
        return
    error = OSError(number, os.strerror(number), FOLDER + within)
    assert summary(error).startswith(words)


def test_a_full_disk_that_a_library_met() -> None:
    error = duckdb.IOException("Could not write file: No space left on device\nmore")
    assert summary(error).startswith("the disk of the home or the lake is full: free some space")
    assert summary(ValueError("first\nsecond")) == "first"
    assert summary(OSError(errno.ENOSPC, "full")).startswith("the disk of the home is full")

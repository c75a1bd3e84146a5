"""Asks a file system for what a store needs: prints a line for each call, with "yes", or the errno."""

import ctypes
import errno
import os
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
EXCHANGE = 2
HERE = -100


def exchange(one, other):
    if LIBC.renameat2(HERE, one.encode(), HERE, other.encode(), EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def refuses(error, call, *arguments):
    """Makes a call that has to fail so."""
    try:
        call(*arguments)
    except OSError as found:
        if found.errno != error:
            raise
        return
    raise OSError(0, "it was done")


def sync(path):
    opened = os.open(path, os.O_RDONLY)
    os.fsync(opened)
    os.close(opened)


def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


os.makedirs(sys.argv[1] + "/sub", exist_ok=True)
os.chdir(sys.argv[1])
for name in ("one", "two"):
    create(name)
asked = {
    "exclusive creation": lambda: refuses(errno.EEXIST, create, "one"),
    "hard links": lambda: os.link("one", "sub/link"),
    "exclusive link": lambda: refuses(errno.EEXIST, os.link, "two", "sub/link"),
    "rename from one directory to another": lambda: os.rename("sub/link", "two"),
    "fsync of a directory": lambda: sync("."),
    "exchange": lambda: exchange("one", "sub"),
}
for what, call in asked.items():
    try:
        call()
        print(what + ": yes")
    except OSError as error:
        print(what + ": " + errno.errorcode.get(error.errno, str(error)))

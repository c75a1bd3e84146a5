"""Makes an initramfs: busybox, kernel modules with what they need, and a script: `initramfs.py MODULES BUSYBOX INIT OUT MODULE...`."""

import gzip
import os
import re
import sys


def needed(directory, wanted):
    """Returns the modules' files, each after those that it depends on."""
    files = {}
    for top, _, names in os.walk(directory):
        for name in names:
            if name.endswith(".ko"):
                files[name[:-3].replace("-", "_")] = os.path.join(top, name)
    ordered = []

    def add(name):
        name = name.replace("-", "_")
        # What is no file is built into the kernel.
        if name not in files or files[name] in ordered:
            return
        with open(files[name], "rb") as module:
            found = re.search(rb"\0depends=([^\0]*)\0", module.read())
        for other in filter(None, found.group(1).decode().split(",") if found else []):
            add(other)
        ordered.append(files[name])

    for name in wanted:
        add(name)
    return ordered


def entry(name, mode, data=b"", inode=[0]):
    """Returns one entry of a cpio archive of the kind that the kernel reads."""
    inode[0] += 1
    fields = [inode[0], mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    text = header + name.encode() + b"\0"
    text += b"\0" * (-len(text) % 4)
    return text + data + b"\0" * (-len(data) % 4)


def main(modules, busybox, init, out, *wanted):
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    parts = [entry(name, 0o40755) for name in ("bin", "modules", "root", "proc")]
    parts += [entry("bin/busybox", 0o100755, read(busybox)), entry("init", 0o100755, read(init))]
    for number, path in enumerate(needed(modules, wanted)):
        parts.append(entry(f"modules/{number:03}.ko", 0o100644, read(path)))
    parts.append(entry("TRAILER!!!", 0))
    with gzip.open(out, "wb", compresslevel=1) as archive:
        archive.writelines(parts)


main(*sys.argv[1:])

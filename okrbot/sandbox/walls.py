"""The walls around the child that runs rules of a user's own: what the operating system takes away from it, and what is there.

Linux gives all of them. Elsewhere Landlock is missing and the limits and the parent's kill remain; `protections` says so.
"""

from __future__ import annotations

import ctypes
import os
import sys

MEMORY = 900 * 1024**2  # bytes on top of the engine and the facts
_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same numbers on every architecture
_VERSION_FLAG = 1
_NO_NEW_PRIVILEGES = 38


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


# What a ruleset of each Landlock version can forbid: (version, bits of file rights, of network rights, of scopes, bytes of the struct)
_RIGHTS = ((6, 16, 2, 2, 24), (5, 16, 2, 0, 16), (4, 15, 2, 0, 16), (3, 15, 0, 0, 8), (2, 14, 0, 0, 8), (1, 13, 0, 0, 8))


def landlock_version() -> int:
    """Return the version of Landlock in this kernel, 0 if there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    found = int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))
    return max(found, 0)


def close_files_and_network() -> int:
    """Take every file and TCP port from this process for good (Landlock without a rule); return the version used, 0 if none."""
    version = landlock_version()
    if not version:
        return 0
    libc = _libc()
    files, network, scopes, size = next(row[1:] for row in _RIGHTS if version >= row[0])
    ruleset = _Ruleset((1 << files) - 1, (1 << network) - 1, (1 << scopes) - 1)
    handle = int(libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0)))
    if handle < 0 or libc.syscall(_RESTRICT_SELF, ctypes.c_int(handle), ctypes.c_uint32(0)) != 0:
        return 0
    return version


def forbid_new_privileges() -> None:
    """Make sure nothing this process could start has more rights than it has (Linux)."""
    if sys.platform.startswith("linux"):
        _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def limit_memory() -> None:
    """Bound the memory this process can take from here on, so that with an idle engine it stays below 1 GiB; no core file.

    An idle engine reserves 0.6 GiB of addresses and touches 60 MB of them, so what is reserved already is not counted;
    nor are the facts, which are as large as the backlogs are.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = _reserved() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _reserved() -> int:
    """Return the bytes of address space this process has; where the system does not tell, what an idle engine takes."""
    try:
        with open("/proc/self/statm", encoding="ascii") as told:  # noqa: PTH123 -- pathlib is not loaded in the child
            return int(told.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 700 * 1024**2


def limit_files() -> None:
    """Allow not one more file, pipe or socket, and not one byte in a file."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def limit_processor(seconds: int) -> None:
    """Let this process use `seconds` more of processor time; then the kernel ends it."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))


def protections() -> list[str]:
    """Return, for a person, what guards this machine from rules of a user's own, one sentence each; a missing wall is said as such."""
    said = ["Rules of your own run in a child process with an empty environment; it is killed when it is too slow."]
    try:
        import resource
    except ImportError:
        said.append(
            "This system has no resource limits: memory is not bounded. Use rules of people you trust, or run okrbot in a container."
        )
    else:
        weak = "" if sys.platform.startswith("linux") else " (macOS keeps the memory limit only loosely)" if resource.RLIMIT_AS else ""
        said.append(f"Memory is limited to 1 GiB beside the facts, and no file or socket can be opened (resource limits){weak}.")
    version = landlock_version()
    said.append(
        f"The kernel keeps it from files and TCP (Landlock, version {version})."
        if version
        else "This kernel has no Landlock: the limits and the kill remain. A container adds the missing wall."
    )
    return said


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)

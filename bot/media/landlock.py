"""Landlock, by ctypes: takes a process's access to files, network and other processes away; nothing else is here."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# The same numbers on every architecture; include/uapi/linux/landlock.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG: Final = 1
_PATH_BENEATH: Final = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights each ABI knows; from 5 on 16
_NETWORK: Final = 0b11  # bind and connect by TCP, from ABI 4 on
_SCOPES: Final = 0b11  # abstract unix sockets and signals, from ABI 6 on


def landlock_abi() -> int:
    """The version of Landlock that this kernel offers, 0 for none."""
    version: int = ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    return max(0, version)


def restrict_files(readable: Iterable[str]) -> None:
    """Let the calling thread, and what it starts, read below the directories `readable` and touch no other file.

    Forbids TCP and signals to other processes as well where the kernel can. Needs no_new_privs. Raises OSError.
    """
    abi = landlock_abi()
    attributes = _attributes(abi)
    ruleset = _call(_CREATE_RULESET, ctypes.create_string_buffer(attributes, len(attributes)), len(attributes), 0)
    try:
        for directory in readable:
            _allow_reading(ruleset, directory)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _attributes(abi: int) -> bytes:
    """`struct landlock_ruleset_attr` as long as this ABI knows it: everything handled, so all not allowed is denied."""
    files = (1 << _FILE_RIGHTS.get(abi, 16)) - 1
    if abi < 4:  # noqa: PLR2004 - the ABI that brought the network
        return struct.pack("=Q", files)
    if abi < 6:  # noqa: PLR2004 - the ABI that brought scopes
        return struct.pack("=QQ", files, _NETWORK)
    return struct.pack("=QQQ", files, _NETWORK, _SCOPES)


def _allow_reading(ruleset: int, directory: str) -> None:
    """Add the rule that files below `directory` may be read."""
    parent = os.open(directory, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, parent)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(parent)


def _call(number: int, *arguments: object) -> int:
    """A system call by number. Raises OSError with its errno."""
    libc = ctypes.CDLL(None, use_errno=True)
    answer: int = libc.syscall(number, *arguments)
    if answer < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused a call")
    return answer

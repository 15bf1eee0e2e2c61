"""A seccomp filter written by hand: which system calls a decoder process may make, as a classic BPF program."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Final

# System calls by name: the number on x86_64 and on aarch64, None where it does not exist there.
# Sources: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h.
_ALLOWED: Final[dict[str, tuple[int | None, int | None]]] = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "recvmsg": (47, 212), "recvfrom": (45, 207), "sendto": (44, 206), "lseek": (8, 62), "close": (3, 57),
    "fstat": (5, 80), "newfstatat": (262, 79), "stat": (4, None), "lstat": (6, None), "getdents64": (217, 61),
    "readlink": (89, None), "readlinkat": (267, 78), "fcntl": (72, 25), "dup": (32, 23),
    "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233), "brk": (12, 214), "futex": (202, 98),
    "poll": (7, None), "ppoll": (271, 73), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113), "gettimeofday": (96, 169), "time": (201, None), "getrandom": (318, 278),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "exit": (60, 93), "exit_group": (231, 94), "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173),
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getrusage": (98, 165), "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "membarrier": (324, 283),
    "rseq": (334, 293), "set_robust_list": (273, 99), "getcpu": (309, 168), "restart_syscall": (219, 128),
    "sysinfo": (99, 179), "uname": (63, 160),
}  # fmt: skip
# What no decoder ever does: the process is killed, where the rest is only refused.
_FATAL: Final[dict[str, tuple[int, int]]] = {
    "execve": (59, 221), "execveat": (322, 281), "socket": (41, 198), "connect": (42, 203), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "io_uring_setup": (425, 425),
    "bpf": (321, 280), "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "kexec_load": (246, 104),
}  # fmt: skip
# Allowed with certain arguments only; see `_guarded`.
_CLONE, _CLONE3, _TGKILL, _PRLIMIT = (56, 220), (435, 435), (234, 131), (302, 261)
_OPENAT, _MMAP, _MPROTECT = (257, 56), (9, 222), (10, 226)
_SECCOMP: Final = (317, 277)

_ARCHITECTURES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH_*
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000  # SECCOMP_RET_*
_LOAD, _AND, _EQUAL, _ABOVE, _RETURN = (
    0x20,
    0x54,
    0x15,
    0x35,
    0x06,
)  # BPF_LD|W|ABS, ALU|AND|K, JMP|JEQ|K, JMP|JGE|K, RET|K
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16  # struct seccomp_data
_X32: Final = 0x40000000  # x86_64's second table of calls
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD, _PROT_EXEC = 0x10000, 4
_OPEN_TO_WRITE: Final = 0x3 | 0o100 | 0o1000 | 0o20000000  # access mode, O_CREAT, O_TRUNC, O_TMPFILE's own bit
_SET_FILTER, _ALL_THREADS = 1, 1
_PR_GET_SECCOMP: Final = 21

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def has_seccomp() -> bool:
    """Whether this kernel filters system calls and this processor's table of them is known here."""
    return platform.machine() in _ARCHITECTURES and ctypes.CDLL(None).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def restrict_calls(*, may_open: bool) -> None:
    """Put the filter on every thread of this process, for good. Needs no_new_privs. Raises OSError.

    `may_open` lets files be opened for reading: only wise when Landlock says which.
    """
    column, _ = _ARCHITECTURES[platform.machine()]
    code = b"".join(struct.pack("=HBBI", *step) for step in program(may_open=may_open))
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_SECCOMP[column], _SET_FILTER, _ALL_THREADS, ctypes.create_string_buffer(head, len(head))):
        raise OSError(ctypes.get_errno(), "seccomp refused the filter")


def program(*, may_open: bool) -> list[Step]:
    """The filter for this processor and this process: kill on the fatal calls, EPERM on all that is not allowed."""
    column, audit = _ARCHITECTURES[platform.machine()]
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_ABOVE, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for numbers in _ALLOWED.values():
        number = numbers[column]
        steps += [] if number is None else _rule(number, _ALLOW)
    for fatal in _FATAL.values():
        steps += _rule(fatal[column], _KILL)
    return [*steps, *_guarded(column, may_open=may_open), (_RETURN, 0, 0, _ERRNO | _EPERM)]


def _guarded(column: int, *, may_open: bool) -> list[Step]:
    """The calls allowed for some arguments only: threads but no processes, signals to itself, memory without code."""
    steps = _rule(_CLONE3[column], _ERRNO | _ENOSYS)  # its arguments are in memory, unseen; libc falls back to clone
    steps += _if_masked(_CLONE[column], [(0, _CLONE_THREAD, _CLONE_THREAD)])
    steps += _if_masked(_TGKILL[column], [(0, 0xFFFFFFFF, os.getpid())])
    steps += _if_masked(_MMAP[column], [(2, _PROT_EXEC, 0)])
    steps += _if_masked(_MPROTECT[column], [(2, _PROT_EXEC, 0)])
    whole = 0xFFFFFFFF
    steps += _if_masked(_PRLIMIT[column], [(0, whole, 0), (2, whole, 0), (2.5, whole, 0)])  # of itself, reading only
    if may_open:
        steps += _if_masked(_OPENAT[column], [(2, _OPEN_TO_WRITE, 0)])
    return steps


def _rule(number: int, verdict: int) -> list[Step]:
    """Return `verdict` when the call is `number`; otherwise go on."""
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, verdict)]


def _if_masked(number: int, conditions: list[tuple[float, int, int]]) -> list[Step]:
    """Allow call `number` if each (argument, mask, value) holds, else refuse it; argument n.5 is n's upper half."""
    checks: list[Step] = []
    for argument, mask, value in conditions:
        at = _ARGUMENTS_AT + int(argument * 8)
        checks += [(_LOAD, 0, 0, at), (_AND, 0, 0, mask), (_EQUAL, 1, 0, value), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    return [(_EQUAL, 0, len(checks) + 1, number), *checks, (_RETURN, 0, 0, _ALLOW)]

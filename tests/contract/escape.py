"""A decoder's program that warms up, locks itself down and then tries to break out; test_lockdown starts it.

Usage: escape.py LEVEL. Every attempt has a process of its own, forked off the warm worker and locked down as a worker
is, or not at all at the level ``none``, where only what succeeds everywhere is attempted. Prints a line of JSON: the
level reached; by each attempt ``refused``, ``killed`` (by the kernel), ``escaped``, or what else happened; the groups.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import av
from PIL import Image

from bot.media.images import restrict_pillow
from bot.media.limits import Limits
from bot.media.lockdown import lock_down
from bot.media.worker import warm_up

if TYPE_CHECKING:
    from collections.abc import Callable

    Attempts = dict[str, Callable[[], object]]

LIBC = ctypes.CDLL(None, use_errno=True)
PLACE, PREY = Path(os.environ["PLACE"]), Path(os.environ["PREY"])
PORT = os.environ["PORT"]
PARENT = os.getpid()  # of the forked attempts
_COLUMN = 0 if platform.machine() == "x86_64" else 1
_REFUSED, _FAULTY = 10, 11


def _call(*numbers: int, args: tuple[object, ...] = ()) -> int:
    """A system call by its number on x86_64 and, where it differs, on aarch64. Raises OSError."""
    answer: int = LIBC.syscall(numbers[min(_COLUMN, len(numbers) - 1)], *args)
    if answer < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return answer


def _connect() -> None:
    socket.socket().connect(("127.0.0.1", int(PORT)))


def _bind_abstract() -> None:
    socket.socket(socket.AF_UNIX).bind("\0escape")


def _map_code() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def _make_code() -> None:
    """Make memory executable that was written before."""
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    if LIBC.mprotect(ctypes.c_void_p(address), 4096, mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "refused")


def _run_from_memory() -> None:
    """Start a program that is in no file."""
    file = os.memfd_create("program")
    os.write(file, Path("/bin/true").read_bytes())
    _call(322, 281, args=(file, b"", None, None, 0x1000))


def _unloaded() -> str:
    """A file of machine code that the locks let be read: a module of the standard library that was not imported."""
    folder = Path(sysconfig.get_path("stdlib"), "lib-dynload")
    files = sorted(folder.glob("*.so"))
    return str(next((file for file in files if file.name.partition(".")[0] not in sys.modules), "libbz2.so.1.0"))


UNLOADED = _unloaded()


def _fill_threads() -> None:
    """Start threads until the machine has no more."""
    waiting = threading.Event()
    for _ in range(3000):
        threading.Thread(target=waiting.wait, daemon=True).start()


def _open_many() -> None:
    for _ in range(200):
        os.dup(1)


def _prctl(option: int, value: int) -> Callable[[], object]:
    return lambda: _call(157, 167, args=(option, value, 0, 0, 0))


def _socket(family: int, kind: int) -> Callable[[], object]:
    return lambda: socket.socket(family, kind)


FILES: Attempts = {
    "read the parent's environment": lambda: Path(f"/proc/{PARENT}/environ").read_bytes(),
    "read its own environment by /proc": lambda: Path("/proc/self/environ").read_bytes(),
    "open the parent's memory": lambda: os.open(f"/proc/{PARENT}/mem", os.O_RDONLY),
    "open its own memory": lambda: os.open("/proc/self/mem", os.O_RDWR),
    "list the parent's files": lambda: list(Path(f"/proc/{PARENT}/fd").iterdir()),
    "read a file": lambda: Path("/etc/passwd").read_bytes(),
    "read a file by the picture library": lambda: Image.open("/etc/passwd").load(),
    "read a file by the video library": lambda: av.open("/etc/passwd", format="mov"),
    "list a directory": lambda: list(Path("/").iterdir()),
    "write a file": lambda: PLACE.write_text("escaped", encoding="ascii"),
    "write a file by the picture library": lambda: Image.new("L", (9, 9)).save(PLACE, "png"),
    "change a file": lambda: PREY.write_text("escaped", encoding="ascii"),
    "cut a file": lambda: os.truncate(PREY, 0),
    "delete a file": PREY.unlink,
    "rename a file": lambda: PREY.rename(PLACE),
    "link a file": lambda: os.link(PREY, PLACE),
    "make a symbolic link": lambda: PLACE.symlink_to(PREY),
    "make a directory": PLACE.mkdir,
    "make a pipe with a name": lambda: os.mkfifo(PLACE),
}
TCP: Attempts = {"connect by tcp": _connect, "listen by tcp": lambda: socket.create_server(("127.0.0.1", 0))}
SIGNALS: Attempts = {
    "signal the parent": lambda: os.kill(PARENT, signal.SIGUSR1),
    "signal the parent's thread": lambda: _call(234, 131, args=(PARENT, PARENT, signal.SIGUSR1)),
}
BOUNDS: Attempts = {
    "allocate too much": lambda: bytearray(4 << 30),
    "hold too many descriptors": _open_many,
    "start threads without end": _fill_threads,
    "raise its own limits": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)),
}
POWERS: Attempts = {
    "mount": lambda: _call(165, 40, args=(b"none", os.fsencode(PREY.parent), b"tmpfs", 0, None)),
    "change the root": lambda: os.chroot("/tmp"),  # noqa: S108 - any directory would do
    "become somebody else": lambda: os.setuid(1000),
    "open a raw socket": _socket(socket.AF_INET, socket.SOCK_RAW),
    "trace everything": lambda: _call(300, 262, args=(0, 0)),  # fanotify_init
}
CALLS: Attempts = {
    "open a udp socket": _socket(socket.AF_INET, socket.SOCK_DGRAM),
    "open a unix socket": _socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "open a socket to the kernel": _socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "make a pair of sockets": socket.socketpair,
    "listen on a name": _bind_abstract,
    "reach the network by the video library": lambda: av.open(f"http://127.0.0.1:{PORT}/", format="mov"),
    "change a file's rights": lambda: PREY.chmod(0o777),
    "change a file's times": lambda: os.utime(PREY, (1, 1)),
    "change a file's attributes": lambda: os.setxattr(PREY, "user.a", b"b"),
    "start a program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - the attempt is the point
    "start a program by the library": lambda: subprocess.run(["/bin/true"], check=True),
    "start a program from memory": _run_from_memory,
    "make a file in memory": lambda: os.memfd_create("program"),
    "fork": os.fork,
    "fork by clone": lambda: _call(56, 220, args=(signal.SIGCHLD, 0, 0, 0, 0)),
    "fork by clone3": lambda: _call(435, args=((ctypes.c_uint64 * 8)(0, 0, 0, 0, signal.SIGCHLD), 64)),
    "take hold of the parent": lambda: _call(434, args=(PARENT, 0)),  # pidfd_open
    "take the parent's descriptor": lambda: _call(438, args=(3, 0, 0)),  # pidfd_getfd
    "read the parent's memory": lambda: _call(310, 270, args=(PARENT, None, 0, None, 0, 0)),
    "write the parent's memory": lambda: _call(311, 271, args=(PARENT, None, 0, None, 0, 0)),
    "trace the parent": lambda: _call(101, 117, args=(0x4206, PARENT, 0, 0)),  # PTRACE_SEIZE
    "compare itself with the parent": lambda: _call(312, 272, args=(os.getpid(), PARENT, 0, 0, 0)),
    "limit the parent": lambda: resource.prlimit(PARENT, resource.RLIMIT_NOFILE, (64, 64)),
    "read the parent's limits": lambda: resource.prlimit(PARENT, resource.RLIMIT_NOFILE),
    "slow the parent down": lambda: os.setpriority(os.PRIO_PROCESS, PARENT, 19),
    "bind the parent to a processor": lambda: os.sched_setaffinity(PARENT, {0}),
    "outlive the parent": _prctl(1, 0),  # PR_SET_PDEATHSIG
    "be read by others": _prctl(4, 1),  # PR_SET_DUMPABLE
    "change its name": _prctl(15, 0),
    "queue calls to the kernel": lambda: _call(425, args=(8, (ctypes.c_char * 120)())),  # io_uring_setup
    "load a program into the kernel": lambda: _call(321, 280, args=(0, None, 0)),  # bpf
    "watch the processor": lambda: _call(298, 241, args=(None, 0, -1, -1, 0)),  # perf_event_open
    "handle its own page faults": lambda: _call(323, 282, args=(1,)),  # userfaultfd
    "reach the kernel's keys": lambda: _call(250, 219, args=(0, -3, 0, 0, 0)),  # keyctl
    "leave the namespaces": lambda: _call(272, 97, args=(0x10000000,)),  # unshare, CLONE_NEWUSER
    "enter other namespaces": lambda: _call(308, 268, args=(1, 0)),  # setns
    "share memory by a key": lambda: _call(29, 194, args=(0, 4096, 0o1600)),  # shmget
    "watch files": lambda: _call(294, 26, args=(0,)),  # inotify_init1
    "behave like another system": lambda: _call(135, 92, args=(0x0008,)),  # personality
    "map code": _map_code,
    "make code of data": _make_code,
    "load a library": lambda: ctypes.CDLL(UNLOADED),
}
if platform.machine() == "x86_64":
    CALLS["call by the other table"] = lambda: _call(0x40000000 | 39)
HARMLESS: Attempts = {
    "start a thread": lambda: threading.Thread(target=int).start(),
    "import a module": lambda: __import__("colorsys"),
    "allocate a little": lambda: bytearray(100 << 20),
}
LANDLOCKED: Attempts = FILES | BOUNDS | POWERS
"""What is refused without the filter of system calls too, TCP and signals aside, which older Landlocks do not know."""
ATTEMPTS: Attempts = LANDLOCKED | TCP | SIGNALS | CALLS
EVERYWHERE = {
    "read a file",
    "list a directory",
    "write a file",
    "change a file",
    "delete a file",
    "rename a file",
    "fork",
}
EVERYWHERE |= {"make a directory", "make a symbolic link", "connect by tcp", "listen by tcp", "open a udp socket"}
EVERYWHERE |= {"open a unix socket", "make a pair of sockets", "start a program", "start a program by the library"}
EVERYWHERE |= {"signal the parent", "signal the parent's thread", "limit the parent", "change a file's rights"}
EVERYWHERE |= {"make a file in memory", "start a program from memory", "fork by clone", "outlive the parent"}
EVERYWHERE |= {"read its own environment by /proc", "write a file by the picture library", "share memory by a key"}
"""Attempts that succeed on any Linux where nothing is locked."""


def _attempt(name: str, level: str) -> None:
    """Lock down to `level`, then attempt; ends the process, its exit code says how."""
    try:
        if level != "none":
            lock_down(Limits(), landlock=level != "no-landlock", seccomp=level != "no-seccomp")
        (ATTEMPTS | HARMLESS)[name]()
    except (OSError, ValueError, MemoryError, ImportError, RuntimeError, subprocess.SubprocessError):
        os._exit(_REFUSED)
    except BaseException:  # noqa: BLE001 - a forked process must not go on with the parent's program
        os._exit(_FAULTY)
    os._exit(0)


def _outcome(name: str, level: str) -> str:
    """What comes of an attempt in a process of its own."""
    PREY.write_text("prey", encoding="ascii")
    PREY.chmod(0o600)
    before = PREY.stat().st_mtime_ns
    child = os.fork()
    if not child:
        _attempt(name, level)
    _, status = os.waitpid(child, 0)
    is_whole = PREY.exists() and PREY.read_text(encoding="ascii") == "prey"
    if level != "none" and (os.path.lexists(PLACE) or not is_whole or PREY.stat().st_mtime_ns != before):
        return "escaped"
    _clear()
    code = os.waitstatus_to_exitcode(status)
    return {0: "escaped", _REFUSED: "refused", -signal.SIGSYS: "killed"}.get(code, f"ended with {code}")


def _clear() -> None:
    """Take away what a successful attempt made."""
    if PLACE.is_dir() and not PLACE.is_symlink():
        PLACE.rmdir()
    PLACE.unlink(missing_ok=True)


def _reached(level: str) -> str:
    """What a process says it runs under when it is locked down to `level`."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, lock_down(Limits(), landlock=level != "no-landlock", seccomp=level != "no-seccomp").encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reader, 64).decode()


def main(level: str) -> None:
    """Warm up as a worker does, make each attempt, and print what came of it."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    restrict_pillow(Limits())
    av.logging.set_level(None)
    warm_up(Limits())
    reached = "none" if level == "none" else _reached(level)
    names = sorted(EVERYWHERE) if level == "none" else ATTEMPTS | HARMLESS
    outcomes = {name: _outcome(name, level) for name in names}
    groups = {"all": ATTEMPTS, "landlocked": LANDLOCKED, "tcp": TCP, "signals": SIGNALS, "harmless": HARMLESS}
    listed = {group: list(attempts) for group, attempts in groups.items()}
    print(json.dumps({"level": reached, "outcomes": outcomes, "groups": listed}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main(sys.argv[1])

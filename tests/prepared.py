"""The command `haechi` from a process that has imported it: each call is a fork, which saves a second and a half.

What is called is the same `bot.cli.main`, in a process of its own. `python -m bot` itself is run by the tests of the
bot, of the demo and of the terminal.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Prepared:
    """Starts the process to fork at the first call. Calls wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def run(self, folder: Path, words: tuple[str, ...], env: dict[str, str]) -> tuple[int, str, str]:
        """Run the command in `folder`; return exit code, standard output and standard error."""
        with self._lock, tempfile.TemporaryDirectory() as place:
            out, err = Path(place, "out"), Path(place, "err")
            asked = {"words": words, "folder": str(folder), "env": env, "out": str(out), "err": str(err)}
            code = self._ask(json.dumps(asked))
            return code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")

    def _ask(self, line: str) -> int:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            atexit.register(self._process.communicate)  # which closes its standard input, and so ends it
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


# --- in the process that is forked ---------------------------------------------------------------


def _serve() -> None:
    """Fork for each line on standard input, and print how the command ended."""
    from bot.cli import command_line  # noqa: PLC0415 - the test itself needs none of it

    command_line([])  # which imports all commands
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a fork takes one thread along only"
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _live(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - to the test


def _live(asked: dict[str, Any]) -> None:
    """Be the command until its end."""
    from bot.cli import main  # noqa: PLC0415 - as above

    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    for number, path in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    sys.argv, code = ["haechi", *asked["words"]], 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the process ends here, so nobody else says why
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()

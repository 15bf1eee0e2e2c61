"""One decoder process as the bot sees it: greeted, handed a file, read from with suspicion, killed. No pool here."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
from typing import Final

from bot.media.answer import HEAD, Answer, BadAnswer, read_answer, read_ready, whole_length
from bot.media.launch import Launched, launch
from bot.media.limits import Limits
from bot.media.lockdown import Level
from bot.media.look import WITHOUT_FILE

_PART: Final = 1 << 16  # bytes read at a time: memory for the longest answer would be mapped anew each time, 40 µs


class Process:
    """A decoder process that is ready for jobs, one at a time."""

    def __init__(self, launched: Launched, limits: Limits) -> None:
        """Take over a child that was just launched; call `start` instead."""
        self.level: Level = "none"
        self.jobs = 0
        self._child = launched.child
        self._channel = launched.channel
        self._limits = limits

    @classmethod
    async def start(cls, limits: Limits, launched: Launched | None = None) -> Process:
        """Wait until a process, one that was `launched` or a new one, is warm and locked down.

        Raises OSError, and BadAnswer if that takes too long.
        """
        process = cls(launched or launch(limits), limits)
        try:
            process.level = await process._greeting()
        except BaseException:
            await process.kill()
            raise
        return process

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._child.poll() is None

    @property
    def is_worn(self) -> bool:
        """Whether the process has decoded all the files it may decode."""
        return self.jobs >= self._limits.jobs

    @property
    def is_quiet(self) -> bool:
        """Whether the process lives and says nothing, as one without a job must."""
        try:
            self._channel.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def run(self, data: bytes, job: str, seconds: float) -> Answer:
        """The answer for a file of the format that `job` names. Raises TimeoutError or BadAnswer: only `kill` is left.

        The second word of `job` is one of `bot.media.look`. The process is told of the `seconds` that it has.
        """
        self.jobs += not job.startswith(WITHOUT_FILE)
        descriptor = _sealed(data)
        try:
            async with asyncio.timeout(seconds):
                socket.send_fds(self._channel, [f"{job} {seconds:.3f}\n".encode("ascii")], [descriptor])
                return read_answer(await self._message())
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise BadAnswer from None
        finally:
            os.close(descriptor)

    async def kill(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        self._child.kill()
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)  # whoever still waits for its answer hears the end
        try:
            await asyncio.to_thread(self._child.wait)
        finally:
            self._child.wait()  # the thread may never have begun; what was killed is gone in a moment
            # A reader left on a closed descriptor would make the loop deaf to the next socket of that number.
            if self._channel.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()

    async def _greeting(self) -> Level:
        """The level that the process says it runs under, when it is ready."""
        try:
            async with asyncio.timeout(self._limits.start_seconds):
                return read_ready(await self._message())
        except TimeoutError:
            raise BadAnswer from None

    async def _message(self) -> bytes:
        """The next message from the process. Raises BadAnswer when it closes the socket or writes more than that."""
        loop = asyncio.get_running_loop()
        message, length = b"", HEAD
        while len(message) < length:
            part = await loop.sock_recv(self._channel, _PART)
            message += part
            if length == HEAD and len(message) >= HEAD:
                length = whole_length(message[:HEAD])
            if not part or len(message) > length:
                raise BadAnswer
        return message


def _sealed(data: bytes) -> int:
    """A file in memory holding `data` that nobody, the reader included, can change or resize any more."""
    descriptor = os.memfd_create("media", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor

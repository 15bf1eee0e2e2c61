"""Long work beside the event loop that a stop does not wait for. What the work is, is not known here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from threading import Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do `work` in a thread of its own and return what it returns; whoever is cancelled leaves it behind.

    `asyncio.to_thread` does the same in threads that the end of the process waits for: minutes, for the merge of a long
    list. So this is for work that may be cut off anywhere, and is not for what others wait for a moment only.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def work_and_tell() -> None:
        result, error = None, None
        try:
            result = work(*args, **kwargs)
        except Exception as raised:  # noqa: BLE001 - whatever the work raises belongs to its caller
            error = raised
        with contextlib.suppress(RuntimeError):  # a loop that is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, done, result, error)

    Thread(target=work_and_tell, name=f"aside {getattr(work, '__name__', '')}", daemon=True).start()
    return await done


def _settle(done: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)

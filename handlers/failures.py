"""What a handler let slip: handed to dispatch, which tries again or buries it. Nothing is said to anybody here."""

from __future__ import annotations

from telegram.ext import ApplicationHandlerStop

from handlers.context import Context


async def note(_update: object, context: Context) -> None:
    """Give the error to the turn, which the library would swallow, and end the update's way through the handlers.

    A later handler would commit the turn, and what the failed one owes would count as done.
    """
    context.turn.error = context.error if isinstance(context.error, Exception) else RuntimeError(repr(context.error))
    raise ApplicationHandlerStop

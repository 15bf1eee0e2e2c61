"""The methods of the Bot API that the sandbox has, with their parameters; what they do is in the families."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.arguments import Args

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.arguments import FilePart
    from bot.sandbox.world import World

    Run = Callable[[World, Args], Any | Awaitable[Any]]

SEND = (
    "business_connection_id chat_id message_thread_id direct_messages_topic_id disable_notification protect_content "
    "allow_paid_broadcast message_effect_id suggested_post_parameters reply_parameters reply_markup "
)
CAPTION = "caption parse_mode caption_entities "


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its name as Telegram writes it, its parameters, and what it does."""

    name: str
    parameters: frozenset[str]
    run: Run

    async def __call__(self, world: World, values: dict[str, Any], files: dict[str, FilePart]) -> Any:
        """Do it; a Refusal when Telegram would refuse."""
        result = self.run(world, Args(values, files, self.parameters))
        return await result if inspect.isawaitable(result) else result


METHODS: dict[str, Method] = {}


def method(name: str, parameters: str = "") -> Callable[[Run], Run]:
    """Declare a function to be the method `name` with the parameters named in one string."""

    def declare(run: Run) -> Run:
        METHODS[name.lower()] = Method(name, frozenset(parameters.split()), run)
        return run

    return declare

"""Answering the press of a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.methods.registry import method
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.world import World

LONGEST_TEXT = 200


@method("answerCallbackQuery", "callback_query_id text show_alert url cache_time")
def answer_callback_query(world: World, args: Args) -> bool:
    """Show the person who pressed a line of text, or an alert, or nothing."""
    text = args.text("text")
    if len(text) > LONGEST_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    query = world.queries.get(args.text("callback_query_id"))
    if query is None or query.until <= world.now():
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if args.raw("url"):
        raise bad_request("URL_INVALID")  # only games have one
    args.integer("cache_time")
    if query.answer is None:
        query.answer = {"text": text, "show_alert": args.flag("show_alert")}
        world.events.add(
            "toast", query.chat_id, only=query.user_id, user_id=query.user_id, query_id=query.id, **query.answer
        )
    return True

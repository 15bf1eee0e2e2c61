"""The yardstick: python-telegram-bot as its documentation starts it, one handler that does nothing."""

from __future__ import annotations

import sys
from typing import Any

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

seen = 0


async def handle(_update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Count, and say so when all are there."""
    global seen  # noqa: PLW0603 - a script of one counter
    seen += 1
    if seen == context.bot_data["wanted"]:
        print("done", flush=True)


def main() -> None:
    """Poll the Bot API at the base URL, with the token, until that many messages were handled: three arguments."""
    url, token, wanted = sys.argv[1:]
    application: Application[Any, Any, Any, Any, Any, Any] = (
        Application.builder().token(token).base_url(f"{url}/bot").build()
    )
    application.bot_data["wanted"] = int(wanted)
    application.add_handler(MessageHandler(filters.ALL, handle))
    application.run_polling()


if __name__ == "__main__":
    main()

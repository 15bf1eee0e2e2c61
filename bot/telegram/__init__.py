"""The edge to Telegram: intake, inbox rows to handlers, outbox rows to the Bot API. No rule lives here."""

"""One file for each step of the schema. The tables as they are now are in `bot.store.tables`."""

"""The steps that bring a database from one release's schema to the next. Running them is done in `bot.store.steps`."""

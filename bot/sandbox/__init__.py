"""A Telegram that lives on this machine: the demo and the test bed. Nothing of the bot is imported here."""

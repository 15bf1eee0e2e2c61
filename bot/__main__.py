"""`python -m bot`: the command `haechi` under another name. Nothing else lives here."""

from bot.cli import main

if __name__ == "__main__":
    main()

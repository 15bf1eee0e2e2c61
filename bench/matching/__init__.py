"""How well altered copies are recognised: pictures, attacks, methods and their report; speed of the bot lives above."""

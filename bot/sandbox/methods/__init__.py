"""The Bot API's methods by family; importing this package fills the registry."""

from __future__ import annotations

from bot.sandbox.methods import (
    albums,
    banning,
    callbacks,
    chats,
    copying,
    deleting,
    editing,
    files,
    pinning,
    polling,
    profile,
    promoting,
    sending,
    topics,
)
from bot.sandbox.methods.registry import METHODS, Method

__all__ = [
    "METHODS",
    "Method",
    "albums",
    "banning",
    "callbacks",
    "chats",
    "copying",
    "deleting",
    "editing",
    "files",
    "pinning",
    "polling",
    "profile",
    "promoting",
    "sending",
    "topics",
]

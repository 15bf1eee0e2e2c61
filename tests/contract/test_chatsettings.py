"""Chosen settings over a real database: kept, on record with before and after, and no choice that there is not."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from bot import chatsettings
from bot.model import ChatSettings, Preset, UnscannablePolicy
from bot.rules import Rules, TierAction
from bot.store import chats
from bot.store.db import Database
from bot.store.tables import buttons
from tests.contract.casework import audited

CHAT, LOG, ADMIN = -1001, -1002, 601


async def choose(database: Database, action: str, value: str) -> ChatSettings | None:
    """An admin presses a button of the panel."""
    return await database.write(lambda connection: chatsettings.choose(connection, CHAT, action, value, by=ADMIN))


async def test_a_preset_brings_its_policy_for_what_cannot_be_checked(database: Database) -> None:
    """Both changes are on record, with before and after; choosing the same again is no change."""
    found = await choose(database, "preset", "zero-tolerance")
    assert found is not None
    assert (found.preset, found.unscannable) == (Preset.ZERO_TOLERANCE, UnscannablePolicy.HOLD)
    await choose(database, "preset", "zero-tolerance")
    assert await audited(database) == [
        ("settings.preset", ADMIN, "standard → zero-tolerance"),
        ("settings.unscannable", ADMIN, "notify → hold"),
    ]


async def test_each_choice_changes_its_own_setting(database: Database) -> None:
    """Policy and language are chosen without touching the preset."""
    await choose(database, "unscannable", "delete")
    found = await choose(database, "language", "fr")
    assert found is not None
    assert (found.preset, found.unscannable, found.language) == (Preset.STANDARD, UnscannablePolicy.DELETE, "fr")


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("preset", "mild"),
        ("unscannable", ""),
        ("language", "tlh"),
        ("log_chat_id", "5"),
        ("close", "-"),
        ("", ""),
        ("tune", ""),
        ("tune", "mute_at"),
        ("tune", "mute_at.6"),
        ("tune", "tier_3.ban"),
        ("tune", "quiet.preset"),
        ("tune", "log_thread_id.5"),
        ("tune", "chat_id.5"),
        ("page", "matches"),
    ],
)
async def test_a_choice_that_does_not_exist_changes_nothing(database: Database, action: str, value: str) -> None:
    """Forged data of a button is refused and leaves no trace."""
    assert await choose(database, action, value) is None
    assert await audited(database) == []
    async with database.read() as connection:
        assert await chats.settings(connection, CHAT) == ChatSettings(CHAT)


async def test_a_link_makes_a_log_chat_once(database: Database) -> None:
    """Of two uses one wins, and the change is on record."""
    token = await database.write(lambda connection: chatsettings.new_link(connection, CHAT, by=ADMIN))
    used = [
        await database.write(lambda connection: chatsettings.use_link(connection, token, LOG, by=ADMIN))
        for _ in range(2)
    ]
    assert used == [True, False]
    async with database.read() as connection:
        assert (await chats.settings(connection, CHAT)).log_chat_id == LOG
    assert await audited(database) == [("settings.logchat", ADMIN, f"none → {LOG}")]


async def test_a_link_is_good_for_an_hour(database: Database) -> None:
    """A token that is older, unknown, or another kind of button's, stands for nothing."""
    token = await database.write(lambda connection: chatsettings.new_link(connection, CHAT, by=ADMIN))
    await database.write(
        lambda connection: connection.execute(update(buttons).values(created_at=buttons.c.created_at - 3600))
    )
    async with database.read() as connection:
        assert await chatsettings.link_of(connection, token) is None
        assert await chatsettings.link_of(connection, "unknown") is None
    await database.write(lambda connection: connection.execute(update(buttons).values(created_at=9e9, kind="case")))
    async with database.read() as connection:
        assert await chatsettings.link_of(connection, token) is None


async def test_tuning_is_on_record_with_before_and_after(database: Database) -> None:
    """Each rule that changes is one line of the audit, and one that stays is none."""
    await database.write(lambda connection: chats.meet(connection, CHAT))
    await database.write(lambda connection: chatsettings.tune(connection, CHAT, by=ADMIN, mute_at=3, reports=True))
    async with database.read() as connection:
        assert (await chats.settings(connection, CHAT)).rules == Rules(mute_at=3)
    assert await audited(database) == [("settings.rules", ADMIN, "mute_at: preset → 3")]


async def test_a_wrong_rule_changes_nothing(database: Database) -> None:
    """One value that cannot be leaves all as it was."""
    with pytest.raises(ValueError, match="loud"):
        await database.write(lambda connection: chatsettings.tune(connection, CHAT, by=ADMIN, mute_at=3, quiet="loud"))
    async with database.read() as connection:
        assert (await chats.settings(connection, CHAT)).rules == Rules()


async def test_a_button_turns_a_knob(database: Database) -> None:
    """Every change that a press brings is on record, those of the tiers that have to follow among them."""
    found = await choose(database, "tune", "tier_2.ban")
    assert found is not None
    assert found.rules == Rules(tier_0=TierAction.BAN, tier_1=TierAction.BAN, tier_2=TierAction.BAN)
    await choose(database, "tune", "tier_2.preset")
    await choose(database, "tune", "reports.off")
    assert [detail for _, _, detail in await audited(database)] == [
        "tier_0: preset → ban",
        "tier_1: preset → ban",
        "tier_2: preset → ban",
        "tier_2: ban → preset",
        "reports: True → False",
    ]


async def test_recommended_is_on_record_line_by_line(database: Database) -> None:
    """One tap changes all that differs from what is recommended, and each change is a line of the audit."""
    await choose(database, "preset", "watch")
    await choose(database, "tune", "ban_at.5")
    await choose(database, "tune", "quiet.silent")
    before = len(await audited(database))
    found = await choose(database, "recommended", "-")
    assert found == ChatSettings(CHAT)
    assert (await audited(database))[before:] == [
        ("settings.preset", ADMIN, "watch → standard"),
        ("settings.rules", ADMIN, "ban_at: 5 → preset"),
        ("settings.rules", ADMIN, "quiet: silent → off"),
    ]

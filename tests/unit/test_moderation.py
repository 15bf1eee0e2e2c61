"""What may be done to whom: laws of warnings and obstacles over all combinations."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from bot.answers import hindrance
from bot.model import ActionKind, ChatSettings, Preset, Sender, SenderKind
from bot.moderation import AGAINST, RESTRICTING, Deed, Obstacle, Order, Scene, obstacle
from bot.moderation import hindrance as hindrance_of
from bot.policy import PUNISHABLE, Standing, warning

NO_DELETE = Obstacle.NO_DELETE_RIGHT

TYPES = ("group", "supergroup", "channel")


@pytest.mark.parametrize(("preset", "poster"), list(itertools.product(Preset, Standing)))
def test_nobody_protected_is_warned(preset: Preset, poster: Standing) -> None:
    """A warning counts for members and channel identities, and for nobody else in any preset."""
    decision = warning(poster, ChatSettings(chat_id=-1, preset=preset), 5)
    assert (decision.strike == 6) == (poster in PUNISHABLE)
    assert bool(decision.actions) == (poster in PUNISHABLE)


@pytest.mark.parametrize("poster", sorted(PUNISHABLE))
def test_more_warnings_never_cost_less(poster: Standing) -> None:
    """Each further warning costs as much as the one before or more."""
    weight = {ActionKind.STRIKE: 0, ActionKind.MUTE: 1, ActionKind.BAN: 2}
    for preset in Preset:
        settings = ChatSettings(chat_id=-1, preset=preset)
        costs = [max(weight[a.kind] for a in warning(poster, settings, n).actions) for n in range(8)]
        assert costs == sorted(costs)


def test_watch_only_counts() -> None:
    """In `watch` a warning is a strike and no more."""
    decision = warning(Standing.MEMBER, ChatSettings(chat_id=-1, preset=Preset.WATCH), 9)
    assert [action.kind for action in decision.actions] == [ActionKind.STRIKE]


@pytest.mark.parametrize(("deed", "chat_type", "poster"), list(itertools.product(Deed, TYPES, Standing)))
def test_nothing_is_done_against_the_protected(deed: Deed, chat_type: str, poster: Standing) -> None:
    """Warn, mute and ban meet an obstacle for everybody who must not be acted on; what gives back does not."""
    why = obstacle(deed, Scene(chat_type, poster))
    if deed in AGAINST and poster not in PUNISHABLE:
        assert why is not None
    elif deed in (Deed.WARN, Deed.UNWARN, Deed.BAN):
        assert why is None


@pytest.mark.parametrize(("chat_type", "poster"), list(itertools.product(TYPES, sorted(PUNISHABLE))))
def test_only_members_of_supergroups_are_muted(chat_type: str, poster: Standing) -> None:
    """Telegram mutes members of supergroups: elsewhere, and for channel identities, a mute is not tried."""
    why = obstacle(Deed.MUTE, Scene(chat_type, poster))
    assert (why is None) == (chat_type == "supergroup" and poster is Standing.MEMBER)


@pytest.mark.parametrize("deed", list(Deed))
def test_the_bots_missing_right_is_an_obstacle(deed: Deed) -> None:
    """Without its right the bot mutes, bans and lifts nothing; strikes are its own affair."""
    why = obstacle(deed, Scene("supergroup", Standing.MEMBER, may_restrict=False))
    assert (why is Obstacle.NO_BOT_RIGHT) == (deed in RESTRICTING)


@pytest.mark.parametrize("status", ["member", "restricted", "left", "kicked", ""])
def test_a_kick_needs_somebody_and_an_unmute_a_mute(status: str) -> None:
    """Who is not there is not removed: for the banned the same call would be an unban; who can write is not unmuted."""
    scene = Scene("supergroup", Standing.MEMBER, status=status)
    assert (obstacle(Deed.KICK, scene) is Obstacle.NOT_HERE) == (status in ("left", "kicked"))
    assert (obstacle(Deed.UNMUTE, scene) is Obstacle.NOT_MUTED) == (status != "restricted")


@pytest.mark.parametrize("deed", [Deed.WARN, Deed.MUTE, Deed.BAN])
def test_what_takes_messages_along_needs_the_right_to(deed: Deed) -> None:
    """With the message, or without a word, nothing is done where the bot may not delete: half of it would be."""
    sender, scene = Sender(SenderKind.USER, 5, "Min"), Scene("supergroup", Standing.MEMBER, may_delete=False)
    order = Order(deed, -1, sender, scene, by=(1, "Admin"), incident="x")
    assert hindrance_of(order) is None
    assert hindrance_of(replace(order, deletes=True)) is NO_DELETE
    assert hindrance_of(replace(order, is_silent=True)) is NO_DELETE


@pytest.mark.parametrize("why", [*Obstacle, *(one for one in Standing if one not in PUNISHABLE)])
def test_every_obstacle_has_its_words(why: Obstacle | Standing) -> None:
    """Whatever stands in the way, the admin is told what it is."""
    assert hindrance("en", why) != "This cannot be done here."

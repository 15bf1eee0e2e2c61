"""Policy: what follows from a verdict, as laws over all combinations."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import (
    ActionKind,
    ChatSettings,
    ListKind,
    Match,
    Preset,
    SenderKind,
    Tier,
    Trust,
    UnscannablePolicy,
    Verdict,
    VerdictKind,
)
from bot.policy import CAP, PUNISHABLE, SERVICE_IDS, Room, Standing, capped, decide, is_sure, standing

PUNISHMENTS = {ActionKind.STRIKE, ActionKind.MUTE, ActionKind.BAN}


def match(tier: Tier = Tier.T0, trust: Trust = Trust.BAN) -> Verdict:
    """A verdict with one match."""
    found = Match(1, 1, "list", ListKind.BLOCK, trust, "ncii", tier, "full frame")
    return Verdict(VerdictKind.MATCH, found)


def kinds(verdict: Verdict, poster: Standing, preset: Preset, strikes: int) -> list[ActionKind]:
    """The kinds of action that follow."""
    settings = ChatSettings(chat_id=-1, preset=preset)
    return [action.kind for action in decide(verdict, poster, settings, strikes).actions]


verdicts = st.builds(match, tier=st.sampled_from(Tier), trust=st.sampled_from(Trust))
strike_counts = st.integers(0, 10)


@given(
    verdicts,
    st.sampled_from([one for one in Standing if one not in PUNISHABLE]),
    st.sampled_from(Preset),
    strike_counts,
)
def test_the_spared_are_never_punished(verdict: Verdict, poster: Standing, preset: Preset, strikes: int) -> None:
    """Admins, the bot, service identities and the linked channel are never struck, muted or banned."""
    assert not PUNISHMENTS & set(kinds(verdict, poster, preset, strikes))


@given(verdicts, st.sampled_from(Standing), strike_counts)
def test_watch_only_tells(verdict: Verdict, poster: Standing, strikes: int) -> None:
    """The preset `watch` removes nothing and punishes nobody."""
    assert kinds(verdict, poster, Preset.WATCH, strikes) == [ActionKind.NOTIFY]


@given(st.sampled_from(Trust), st.sampled_from(Standing), st.sampled_from(Preset), strike_counts)
def test_t3_is_for_review(trust: Trust, poster: Standing, preset: Preset, strikes: int) -> None:
    """A match at T3 is shown to admins and does nothing by itself."""
    assert kinds(match(Tier.T3, trust), poster, preset, strikes) == [ActionKind.NOTIFY]


@given(st.sampled_from(Tier), st.sampled_from(Standing), st.sampled_from(Preset), strike_counts)
def test_a_list_not_trusted_to_ban_never_bans(tier: Tier, poster: Standing, preset: Preset, strikes: int) -> None:
    """No number of strikes makes a list with less than full trust ban somebody."""
    for trust in (Trust.OFF, Trust.NOTIFY, Trust.DELETE, Trust.WARN):
        assert ActionKind.BAN not in kinds(match(tier, trust), poster, preset, strikes)


@given(st.sampled_from(Trust), st.sampled_from(sorted(PUNISHABLE)), st.sampled_from(Preset), strike_counts)
def test_more_evidence_never_means_less(trust: Trust, poster: Standing, preset: Preset, strikes: int) -> None:
    """A surer tier brings every consequence that a less sure one brings."""
    steps = [set(kinds(match(tier, trust), poster, preset, strikes)) for tier in sorted(Tier, reverse=True)]
    for less, more in itertools.pairwise(steps):
        assert less <= more


def test_the_standard_ladder() -> None:
    """In `standard` the first strike warns, the second mutes for a day, the third bans."""
    costs = [set(kinds(match(), Standing.MEMBER, Preset.STANDARD, strikes)) & PUNISHMENTS for strikes in range(4)]
    strike, mute, ban = ActionKind.STRIKE, ActionKind.MUTE, ActionKind.BAN
    assert costs == [{strike}, {strike, mute}, {strike, ban}, {strike, ban}]


def test_zero_tolerance_bans_at_once() -> None:
    """In `zero-tolerance` the first match removes the post and bans its poster."""
    found = kinds(match(), Standing.MEMBER, Preset.ZERO_TOLERANCE, 0)
    assert found[0] is ActionKind.DELETE
    assert ActionKind.BAN in found


def test_a_channel_identity_is_banned_where_a_member_is_muted() -> None:
    """A channel identity cannot be muted, so the step that mutes a member bans it as a sender."""
    found = kinds(match(), Standing.CHANNEL, Preset.STANDARD, 1)
    assert ActionKind.BAN in found
    assert ActionKind.MUTE not in found


@pytest.mark.parametrize("preset", Preset)
def test_the_canary_costs_nobody_anything(preset: Preset) -> None:
    """The canary picture is removed under every preset and nobody is punished for it."""
    assert kinds(Verdict(VerdictKind.CANARY), Standing.MEMBER, preset, 9) == [ActionKind.DELETE]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (UnscannablePolicy.NOTIFY, [ActionKind.NOTIFY]),
        (UnscannablePolicy.DELETE, [ActionKind.DELETE, ActionKind.NOTIFY]),
        (UnscannablePolicy.HOLD, [ActionKind.DELETE, ActionKind.HOLD, ActionKind.NOTIFY]),
    ],
)
def test_unscannable_is_never_clean(policy: UnscannablePolicy, expected: list[ActionKind]) -> None:
    """A post that could not be checked always leads to what the chat chose, at least to telling the admins."""
    settings = ChatSettings(chat_id=-1, unscannable=policy)
    decision = decide(Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",)), Standing.MEMBER, settings, 0)
    assert [action.kind for action in decision.actions] == expected


def test_a_weak_match_does_not_shield_an_unscannable_file() -> None:
    """A post with a match for review and a file that could not be checked gets what the unscannable policy asks for."""
    settings = ChatSettings(chat_id=-1, unscannable=UnscannablePolicy.HOLD)
    both = replace(match(Tier.T3), reasons=("broken",))
    assert decide(both, Standing.MEMBER, settings, 0).has(ActionKind.DELETE)
    plain = replace(match(Tier.T3), reasons=("featureless",))
    assert not decide(plain, Standing.MEMBER, settings, 0).has(ActionKind.DELETE)


rooms = st.builds(Room, may_delete=st.booleans(), may_restrict=st.booleans())
any_verdict = st.one_of(
    verdicts, st.sampled_from([Verdict(VerdictKind.CANARY), Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",))])
)
any_settings = st.builds(
    ChatSettings, chat_id=st.just(-1), preset=st.sampled_from(Preset), unscannable=st.sampled_from(UnscannablePolicy)
)


@given(any_verdict, st.sampled_from(Standing), any_settings, strike_counts, rooms)
def test_what_a_limit_stops_waits_for_an_admin(
    verdict: Verdict, poster: Standing, settings: ChatSettings, strikes: int, room: Room
) -> None:
    """A limit of the day only takes away, never from sure removals or the canary, and what it takes is held."""
    asked = decide(verdict, poster, settings, strikes)
    left = capped(verdict, asked, room)
    before, after = ({action.kind for action in one.actions} for one in (asked, left))
    assert after <= before | {ActionKind.HOLD, ActionKind.NOTIFY}
    if before - after:
        assert any(action.kind is ActionKind.HOLD and action.reason == CAP for action in left.actions)
    if is_sure(verdict) or verdict.kind is VerdictKind.CANARY:
        assert (ActionKind.DELETE in before) is (ActionKind.DELETE in after)
    elif not room.may_delete:
        assert not after & (PUNISHMENTS | {ActionKind.DELETE})
    if not room.may_restrict:
        assert not after & {ActionKind.BAN, ActionKind.MUTE}
    assert room != Room() or left == asked


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("trust", Trust)
def test_only_fully_trusted_lists_are_sure(tier: Tier, trust: Trust) -> None:
    """What goes whatever the limit says is an exact or near match on a list that is trusted to ban."""
    assert is_sure(match(tier, trust)) is (tier in (Tier.T0, Tier.T1) and trust is Trust.BAN)


def test_clean_means_nothing_happens() -> None:
    """A clean post has no consequences."""
    assert decide(Verdict(VerdictKind.CLEAN), Standing.MEMBER, ChatSettings(chat_id=-1), 5).actions == ()


@pytest.mark.parametrize("number", sorted(SERVICE_IDS))
def test_service_ids_stand_for_others(number: int) -> None:
    """Telegram's service ids never count as members."""
    assert standing(SenderKind.USER, number, is_admin=False) is Standing.SERVICE

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
    Decision,
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
from bot.policy import CAP, PUNISHABLE, SERVICE_IDS, Room, Standing, capped, decide, is_sure, standing, warning
from bot.rules import Rules, TierAction

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


tier_actions = st.none() | st.sampled_from(TierAction)
lengths = st.sampled_from([None, 0, 3600, 86_400])
any_rules = st.builds(
    Rules,
    tier_0=tier_actions,
    tier_1=tier_actions,
    tier_2=tier_actions,
    tier_3=tier_actions,
    mute_at=st.none() | st.integers(0, 5),
    ban_at=st.none() | st.integers(0, 5),
    mute_seconds=lengths,
    ban_seconds=lengths,
)
tuned = st.builds(ChatSettings, chat_id=st.just(-1), preset=st.sampled_from(Preset), rules=any_rules)


def weight(decision: Decision) -> tuple[int, ...]:
    """How much a decision weighs: whether the post goes, whether it is a strike, then mute or ban."""
    return tuple(
        int(decision.has(kind) or (kind is ActionKind.MUTE and decision.has(ActionKind.BAN)))
        for kind in (ActionKind.DELETE, ActionKind.STRIKE, ActionKind.MUTE, ActionKind.BAN)
    )


def outweighs(more: Decision, less: Decision) -> bool:
    """Whether a decision does all that another does, a ban counting for a mute."""
    return all(one >= other for one, other in zip(weight(more), weight(less), strict=True))


@given(tuned, st.sampled_from(Trust), st.sampled_from(sorted(PUNISHABLE)), strike_counts, st.booleans())
def test_a_surer_match_never_does_less_whatever_is_chosen(
    settings: ChatSettings, trust: Trust, poster: Standing, strikes: int, can_mute: bool
) -> None:
    """However a chat is tuned, a surer tier brings everything that a less sure one brings, or worse."""
    steps = [
        decide(match(tier, trust), poster, settings, strikes, can_mute=can_mute) for tier in sorted(Tier, reverse=True)
    ]
    for less, more in itertools.pairwise(steps):
        assert outweighs(more, less)


@given(tuned, verdicts, verdicts, st.sampled_from(sorted(PUNISHABLE)), strike_counts)
def test_another_match_never_makes_it_less(
    settings: ChatSettings, first: Verdict, second: Verdict, poster: Standing, strikes: int
) -> None:
    """A post that matches twice is dealt with as by the one that weighs more, in whichever order they stand."""
    assert second.match is not None
    both = decide(replace(first, others=(second.match,)), poster, settings, strikes)
    for one in (first, second):
        assert outweighs(both, decide(one, poster, settings, strikes))


@given(tuned, verdicts, st.sampled_from(sorted(PUNISHABLE)), st.integers(0, 9))
def test_another_strike_never_costs_less(settings: ChatSettings, verdict: Verdict, poster: Standing, few: int) -> None:
    """However a chat is tuned, one strike more never makes a match cost less."""
    assert outweighs(decide(verdict, poster, settings, few + 1), decide(verdict, poster, settings, few))


@given(tuned, verdicts, st.sampled_from(Standing), strike_counts)
def test_no_choice_goes_beyond_what_is_right(
    settings: ChatSettings, verdict: Verdict, poster: Standing, strikes: int
) -> None:
    """Whatever is chosen: the spared go free, a likeness punishes nobody, a list does what it is trusted to."""
    found, trust = decide(verdict, poster, settings, strikes), verdict.match.trust if verdict.match else Trust.OFF
    if poster not in PUNISHABLE or (verdict.match and verdict.match.tier is Tier.T3):
        assert not any(found.has(kind) for kind in PUNISHMENTS)
    if trust in (Trust.OFF, Trust.NOTIFY):
        assert [one.kind for one in found.actions] == [ActionKind.NOTIFY]
    if trust is not Trust.BAN:
        assert not found.has(ActionKind.BAN)
    if trust is Trust.DELETE:
        assert not found.has(ActionKind.STRIKE)
    assert found.has(ActionKind.NOTIFY)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (TierAction.TELL, set()),
        (TierAction.REMOVE, {ActionKind.DELETE}),
        (TierAction.STRIKE, {ActionKind.DELETE, ActionKind.STRIKE}),
        (TierAction.BAN, {ActionKind.DELETE, ActionKind.STRIKE, ActionKind.BAN}),
    ],
)
def test_each_action_does_what_it_says(action: TierAction, expected: set[ActionKind]) -> None:
    """What is chosen for a tier is what its first match does."""
    settings = ChatSettings(-1, rules=Rules(tier_0=action, tier_1=action, tier_2=action))
    found = decide(match(Tier.T2), Standing.MEMBER, settings, 0)
    assert {one.kind for one in found.actions} == expected | {ActionKind.NOTIFY}


def test_the_ladder_is_the_chats_own() -> None:
    """Which strike mutes and bans, and for how long, is as the admins chose; 0 is never, or for ever."""
    rules = Rules(mute_at=1, mute_seconds=3600, ban_at=2, ban_seconds=7200)
    first, second = (decide(match(), Standing.MEMBER, ChatSettings(-1, rules=rules), one).actions for one in (0, 1))
    assert [(one.kind, one.seconds) for one in first if one.kind in PUNISHMENTS][1:] == [(ActionKind.MUTE, 3600)]
    assert [(one.kind, one.seconds) for one in second if one.kind in PUNISHMENTS][1:] == [(ActionKind.BAN, 7200)]
    never = ChatSettings(-1, rules=Rules(mute_at=0, ban_at=0))
    assert not {ActionKind.MUTE, ActionKind.BAN} & {
        one.kind for one in decide(match(), Standing.MEMBER, never, 9).actions
    }
    ever = ChatSettings(-1, rules=Rules(mute_at=1, ban_at=0, mute_seconds=0))
    mute = next(one for one in decide(match(), Standing.MEMBER, ever, 9).actions if one.kind is ActionKind.MUTE)
    assert mute.seconds is None


def test_a_ban_has_an_end_only_where_telegram_knows_one() -> None:
    """In a basic group and for a channel identity a ban is for ever, whatever length is chosen."""
    settings = ChatSettings(-1, rules=Rules(tier_0=TierAction.BAN, ban_at=1, ban_seconds=86_400))
    for poster, can_mute, seconds in (
        (Standing.MEMBER, True, 86_400),
        (Standing.MEMBER, False, None),
        (Standing.CHANNEL, True, None),
    ):
        found = decide(match(), poster, settings, 0, can_mute=can_mute)
        assert [one.seconds for one in found.actions if one.kind is ActionKind.BAN] == [seconds]
        warned = warning(poster, settings, 0, can_end=can_mute)
        assert [one.seconds for one in warned.actions if one.kind is ActionKind.BAN] == [seconds]


def test_the_trusted_are_removed_from_and_not_punished() -> None:
    """A trusted member's match goes and costs nothing; what cannot be checked of theirs stays, and is told."""
    settings = ChatSettings(-1, preset=Preset.ZERO_TOLERANCE, unscannable=UnscannablePolicy.HOLD)
    found = decide(match(), Standing.TRUSTED, settings, 9)
    assert [one.kind for one in found.actions] == [ActionKind.DELETE, ActionKind.NOTIFY]
    assert (found.strike, found.spared) == (None, "trusted")
    unread = decide(Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",)), Standing.TRUSTED, settings, 0)
    assert [one.kind for one in unread.actions] == [ActionKind.NOTIFY]
    told = ChatSettings(-1, preset=Preset.WATCH)
    assert [one.kind for one in decide(match(), Standing.TRUSTED, told, 0).actions] == [ActionKind.NOTIFY]


def test_watch_obeys_what_is_chosen_besides() -> None:
    """In `watch` an action that the admins chose for a tier is taken, and strikes cost what they chose."""
    settings = ChatSettings(-1, preset=Preset.WATCH, rules=Rules(tier_0=TierAction.STRIKE, ban_at=2))
    assert kinds_of(decide(match(), Standing.MEMBER, settings, 0)) == {ActionKind.STRIKE}
    assert kinds_of(decide(match(), Standing.MEMBER, settings, 1)) == {ActionKind.STRIKE, ActionKind.BAN}
    assert kinds_of(decide(match(Tier.T1), Standing.MEMBER, settings, 1)) == set()


def kinds_of(decision: Decision) -> set[ActionKind]:
    """The punishments of a decision."""
    return {one.kind for one in decision.actions} & PUNISHMENTS


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
    ChatSettings,
    chat_id=st.just(-1),
    preset=st.sampled_from(Preset),
    unscannable=st.sampled_from(UnscannablePolicy),
    rules=any_rules,
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

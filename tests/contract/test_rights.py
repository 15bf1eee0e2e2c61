"""The table of rights against the real handlers: every row, for everybody, in every kind of chat and state."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import handlers
from bot import cards, exchange
from bot.cards import Card
from bot.model import ChatSettings
from bot.settingsfile import Wanted
from bot.store import cases as records
from bot.store import chats
from bot.store.inbox import Row
from bot.store.tables import buttons, case_actions, cases, outbox
from bot.telegram.turn import Turn, current
from handlers import start
from handlers.commands import Asker, asker_of
from handlers.context import Context
from handlers.rights import BUTTONS, CARD_BUTTONS, COMMANDS, SETTINGS_BUTTONS, Right
from tests.contract.cast import (
    CHANNEL,
    FACELESS,
    FORUM,
    GROUP,
    PEOPLE,
    PRIVATE,
    SHARED,
    SUPERGROUP,
    Cast,
    Json,
    lets,
)
from tests.contract.machine import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Please use 'Bot"),
]

DENIED, INVALID = "it takes", "no longer valid"

MAINTAINER = 7_000_001

EVEN, ODD = tuple(COMMANDS)[::2], tuple(COMMANDS)[1::2]

VALUES = {
    ("s", "preset"): "watch",
    ("s", "unscannable"): "notify",
    ("s", "language"): "en",
    ("s", "close"): "-",
    ("h", "again"): None,
}
"""What follows the action of a button that stands for itself, for a press that may do something."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    """The machine with everything but its loops; a command that was let through is noted instead of carried out."""
    acted: list[int] = []

    async def act(context: Context, _asker: Asker) -> None:
        acted.append(context.turn.row.update_id)

    with pytest.MonkeyPatch.context() as patch:
        for table in (handlers.ADMIN_COMMANDS, handlers.MEMBER_COMMANDS):
            for name in table:
                patch.setitem(table, name, act)
        folder, people = tmp_path_factory.mktemp("bot"), {"maintainer": MAINTAINER}
        async with machine(folder, people, maintainers=(MAINTAINER,)) as made:
            made.acted = acted
            yield made


# --- commands ------------------------------------------------------------------------------------


def expected(name: str, role: str, kind: str) -> str:
    """What must come of somebody's command."""
    if role in ("another bot", "linked channel"):
        return "nothing"
    if name in handlers.MEMBER_COMMANDS:
        return "act"
    if kind == PRIVATE:
        return "act" if name in handlers.PRIVATE_TOO else "reply"
    if kind == CHANNEL or role == "anonymous":
        return "confirm"
    is_trusted = role == "maintainer" and name in handlers.FOR_MAINTAINERS
    return "act" if is_trusted or (role != "channel identity" and lets(role, COMMANDS[name])) else "refusal"


def authors(kind: str) -> tuple[str, ...]:
    """Who may be the author of a message in a kind of chat."""
    if kind == PRIVATE:
        return ("owner", "member", "maintainer")
    if kind == CHANNEL:
        return ("owner",)
    hidden = () if kind == GROUP else FACELESS
    return (*(role for role in PEOPLE if kind != GROUP or role != "restricted"), "another bot", *hidden)


async def command_cells(cast: Cast, kind: str, names: Iterable[str] = COMMANDS, *, is_heard: bool = True) -> list[str]:
    """Give commands as everybody in a kind of chat; the cells in which something else came of it."""
    cells = {}
    for name, role in itertools.product(names, authors(kind)):
        number = await cast.hear(cast.message(kind, role, f"/{name} 12345678"))
        want = expected(name, role, kind)
        is_shut = not is_heard and want == "act" and COMMANDS[name] is not Right.EVERYBODY
        cells[number] = (name, role, "refusal" if is_shut else want)
    said, acted = await cast.said(), set(cast.acted)
    wrong = []
    for number, (name, role, want) in cells.items():
        got = {"act"} if number in acted else said.get(number, {"nothing"})
        if got != {want}:
            wrong.append(f"{kind} /{name} by {role}: {sorted(got)}, not {want}")
    return wrong


async def test_every_command_asks_for_its_right(cast: Cast) -> None:
    """For every command, author and kind of chat: carried out, refused, to be confirmed, or not heard, by its row.

    Basic groups and forums share the commands between them, for they differ from supergroups in no row.
    """
    shares = {GROUP: EVEN, FORUM: ODD}
    cells = [await command_cells(cast, kind, shares.get(kind, COMMANDS)) for kind in (PRIVATE, *SHARED)]
    assert list(itertools.chain(*cells)) == []


async def test_a_bot_without_rights_still_asks_for_them(cast: Cast) -> None:
    """Where the bot is a plain member the same rows hold; where it is out, nobody is let in by anything but theirs."""
    for status, names in (("member", EVEN), ("left", ODD)):
        with cast.bot_as(SUPERGROUP, status):
            wrong = await command_cells(cast, SUPERGROUP, names, is_heard=status == "member")
        assert [cell for cell in wrong if "maintainer" not in cell] == []


async def waiting(cast: Cast, kind: str, name: str) -> Json:
    """A command that waits for its confirmation; the prompt."""
    message = cast.message(kind, "anonymous" if kind != CHANNEL else "owner", f"/{name} 12345678")
    kept, chat = json.dumps(message), cast.chats[kind]
    token = await cast.app.database.write(lambda c: records.new_button(c, "confirm", chat, data=kept))
    return cast.card(kind, f"a:{token}")


def data_of(message: Json, place: int = 0) -> str:
    """What a message's button sends."""
    return str(message["reply_markup"]["inline_keyboard"][place][0]["callback_data"])


async def test_a_confirmation_asks_for_the_commands_right(cast: Cast) -> None:
    """An anonymous admin's command, and a channel's, is done for an admin who may give it, and once only."""
    wrong = []
    for kind, name in zip(itertools.cycle((SUPERGROUP, CHANNEL)), handlers.ADMIN_COMMANDS, strict=False):
        prompt = await waiting(cast, kind, name)
        right = Right.ADMIN if COMMANDS[name] is Right.EVERYBODY else COMMANDS[name]
        for role in sorted(PEOPLE, key=lambda one: lets(one, right)):
            count, may = len(cast.acted), lets(role, right)
            toast = await cast.press(role, prompt, data_of(prompt))
            if (DENIED in toast) == may or (len(cast.acted) > count) != may:
                wrong.append(f"{kind} /{name} confirmed by {role}: {toast}")
            if may:
                if "no longer waiting" not in await cast.press(role, prompt, data_of(prompt)):
                    wrong.append(f"{kind} /{name} confirmed by {role}: twice")
                prompt = await waiting(cast, kind, name)
    assert wrong == []


# --- cards ---------------------------------------------------------------------------------------


async def open_card(cast: Cast, kind: str, *, holder: int | None = None, state: str = "open") -> Json:
    """A reported post's card, standing in its own chat; `state` and `holder` are what became of it."""
    chat, number = cast.chats[kind], next(cast._numbers)

    async def write(connection: AsyncConnection) -> tuple[str, int]:
        case, _ = await records.open_case(
            connection,
            chat_id=chat,
            incident=f"message:{number}",
            kind="report",
            state="open" if state != "decided" else "closed",
            message_id=number,
            sender_kind="user",
            sender_id=cast.people["poster"],
            sender_name="Poster",
        )
        token = await cards.new_token(connection, case, "card")
        button = await records.button(connection, token)
        assert button is not None
        decision: Json = {"decision": "delete", "decider": "Somebody"} if state == "decided" else {}
        await cards.keep(connection, button, Card(chat_id=chat, message_id=number + 1, claimer="Other", **decision))
        if holder is not None:
            await records.claim(connection, token, holder)
        if state == "gone":
            await connection.execute(cases.delete().where(cases.c.id == case.id))
        return token, case.id

    token, case_id = await cast.app.database.write(write)
    next(cast._numbers)
    shown = cast.card(kind, *(f"c:{token}:{action}" for action in CARD_BUTTONS), number=number + 1)
    return {**shown, "case": case_id}


async def touched(cast: Cast, numbers: list[int], *, claims: bool = True) -> list[int]:
    """The cases of these that anything has happened to; without `claims` a claim counts for nothing."""
    async with cast.app.database.read() as connection:
        acts = select(case_actions.c.case_id).where(case_actions.c.case_id.in_(numbers))
        closed = select(cases.c.id).where(cases.c.id.in_(numbers) & (cases.c.state != "open"))
        claimed = select(buttons.c.case_id).where(buttons.c.case_id.in_(numbers) & buttons.c.claimed_by.is_not(None))
        query = acts.union(closed, claimed) if claims else acts.union(closed)
        return [*(await connection.scalars(query)).all()]


def pressers(action: str) -> Iterator[tuple[str, bool]]:
    """Everybody, and whether the table lets them press."""
    for role in (*PEOPLE, "another bot"):
        yield role, role != "another bot" and lets(role, CARD_BUTTONS[action])


def shown(card: Json, action: str) -> str:
    """What a card's button for an action sends."""
    rows = card["reply_markup"]["inline_keyboard"]
    return next(str(row[0]["callback_data"]) for row in rows if row[0]["callback_data"].endswith(f":{action}"))


async def test_every_button_of_a_card_asks_for_its_right(cast: Cast) -> None:
    """For every button, presser and kind of chat: refused with nothing changed, or decided, by its row."""
    wrong, untouched = [], []
    for kind, action in itertools.product(SHARED, CARD_BUTTONS):
        card = await open_card(cast, kind)
        untouched.append(card["case"])
        for role, may in pressers(action):
            pressed = await open_card(cast, kind) if may else card
            toast = await cast.press(role, pressed, shown(pressed, action))
            if (DENIED in toast) == may or (INVALID in toast and action != "allow"):
                wrong.append(f"{kind} {action} by {role}: {toast}")
    assert wrong == []
    assert await touched(cast, untouched) == []


STATES = ("decided", "gone", "taken", "bot without rights", "bot left")

LEFT = "I am not in that chat any more"
"""What is answered where the bot knows that it left; of a chat that it knows nothing of, nobody is an admin."""

REFUSALS = {"gone": (INVALID,), "bot left": (DENIED, LEFT)}
"""What is answered in a state of the case to those whom the table does not let, where it is not the usual refusal."""

ANSWERS = {**REFUSALS, "decided": ("Decided already",)}
"""What is answered in a state of the case to those whom the table lets; else it is anything but a refusal."""


async def test_every_state_of_a_card_keeps_the_table(cast: Cast) -> None:
    """Decided, forgotten, claimed by another, without rights of the bot's own: nobody gets by who may not."""
    wrong, untouched = [], []
    for state, action in itertools.product(STATES, CARD_BUTTONS):
        is_bot = state.startswith("bot")
        facts: Json = {"holder": cast.people["poster"] if state == "taken" else None}
        facts["state"] = "open" if is_bot else state
        shared = await open_card(cast, SUPERGROUP, **facts)
        untouched += [shared["case"]] if state != "decided" else []
        for role, may in pressers(action):
            card = await open_card(cast, SUPERGROUP, **facts) if may else shared
            with cast.bot_as(SUPERGROUP, {"bot without rights": "member", "bot left": "left"}.get(state)):
                toast = await cast.press(role, card, shown(card, action))
            want = ANSWERS.get(state, ()) if may else REFUSALS.get(state, (DENIED,))
            if (want and not any(words in toast for words in want)) or (not want and DENIED in toast):
                wrong.append(f"{state} {action} by {role}: {toast}")
    assert wrong == []
    assert await touched(cast, untouched, claims=False) == []


# --- buttons that stand for themselves -----------------------------------------------------------

ELSEWHERE = {("h", "canary")}
"""Buttons whose doing takes the loops of the machine; that they do it is shown by flow tests."""


def self_evident() -> Iterator[tuple[str, str, Right]]:
    """The buttons that no token stands for: letter, action, right."""
    for letter, rows in BUTTONS.items():
        if rows.at is not None and not rows.is_bound:
            for action, right in rows.rights.items():
                yield letter, action, right


async def test_every_other_button_asks_for_its_right(cast: Cast) -> None:
    """Settings, health and all the rest: whoever lacks the right is refused, whoever has it is not."""
    wrong = []
    for (letter, action, right), kind in itertools.product(self_evident(), (GROUP, SUPERGROUP, CHANNEL)):
        if right is Right.EVERYBODY:
            continue
        value = VALUES.get((letter, action), "x")
        parts = ["x"] * (BUTTONS[letter].at or 0) + [action] + ([value] if value is not None else [])
        data = ":".join([letter, *parts])
        for role in PEOPLE:
            may = lets(role, right)
            if may and (letter, action) in ELSEWHERE:
                continue
            toast = await cast.press(role, cast.card(kind, data), data)
            is_refused = DENIED in toast or INVALID in toast
            if is_refused == may and not (may and (letter, action) not in VALUES):
                wrong.append(f"{kind} {data} by {role}: {toast}")
    assert wrong == []


# --- the settings panel, in private ---------------------------------------------------------------

PANEL = {
    "preset": "watch",
    "recommended": "-",
    "unscannable": "hold",
    "language": "fr",
    "tune": "mute_at.4",
    "page": "matches",
    "export": "-",
    "close": "-",
}
"""A value for every button of the panel."""


def panel(cast: Cast, role: str, *data: str) -> Json:
    """A message of the bot's in somebody's private chat, with these buttons."""
    return {**cast.card(PRIVATE, *data), "chat": cast._chat(PRIVATE, role)}


async def chosen(cast: Cast) -> list[ChatSettings]:
    """What is chosen in every chat."""
    async with cast.app.database.read() as connection:
        return [await chats.settings(connection, chat) for chat in cast.chats.values()]


async def test_every_button_of_the_panel_asks_for_its_right_in_its_chat(cast: Cast) -> None:
    """In private a press counts by the rights in the chat that it names: with every row, for everybody."""
    assert set(PANEL) == set(SETTINGS_BUTTONS)
    wrong = []
    for (action, value), kind in itertools.product(PANEL.items(), (GROUP, SUPERGROUP, CHANNEL)):
        data = f"s:{action}:{value}:{cast.chats[kind]}"
        for role in PEOPLE:
            before, may = await chosen(cast), lets(role, SETTINGS_BUTTONS[action])
            toast = await cast.press(role, panel(cast, role, data), data)
            if (DENIED in toast) == may or INVALID in toast or (not may and await chosen(cast) != before):
                wrong.append(f"{kind} {data} by {role}: {toast}")
    assert wrong == []


async def test_a_panels_data_is_taken_for_forged(cast: Cast) -> None:
    """A value or a page that is none, no chat, a chat that is none, or a button that is not drawn: nothing happens."""
    here = cast.chats[SUPERGROUP]
    before, toasts = await chosen(cast), {}
    for data in (
        f"s:tune:mute_at.-1:{here}",
        f"s:tune:log_thread_id.9:{here}",
        f"s:page:nosuchpage:{here}",
        f"s:nosuchthing:watch:{here}",
        f"s:preset:mild:{here}",
        "s:preset:watch",
        "s:preset:watch:12345",
        "s:tune:mute_at.4",
    ):
        toasts[data] = await cast.press("owner", panel(cast, "owner", data), data)
    drawn, pressed = f"s:preset:watch:{here}", f"s:preset:zero-tolerance:{here}"
    toasts["not drawn"] = await cast.press("owner", panel(cast, "owner", drawn), pressed)
    assert {what: toast for what, toast in toasts.items() if INVALID not in toast} == {}
    unknown = f"s:preset:watch:-{10**12}"
    assert DENIED in await cast.press("owner", panel(cast, "owner", unknown), unknown)
    assert await chosen(cast) == before


async def test_a_link_to_the_panel_is_no_ticket(cast: Cast) -> None:
    """The panel opens for who may change the chat's settings now; everybody else learns the right, and no title."""
    wrong = []
    for kind, role in itertools.product((GROUP, SUPERGROUP, CHANNEL), PEOPLE):
        found = await opened(cast, role, f"settings_{cast.chats[kind]}")
        may = lets(role, Right.CHANGE)
        if ("Settings of" in found) != may or (DENIED in found) == may or (not may and f"The {kind}" in found):
            wrong.append(f"{kind} by {role}: {found}")
    assert wrong == []
    for payload in ("settings_", "settings_12", "settings_-1x", f"settings_-{10**15}", "settings_-0"):
        assert DENIED in await opened(cast, "owner", payload)


async def opened(cast: Cast, role: str, payload: str) -> str:
    """What somebody is answered who follows a link; the real conversation, not the note that it was let through."""
    raw = cast.message(PRIVATE, role, f"/start {payload}")
    row = Row(cast.app.gateway.id, next(cast._numbers), cast.people[role], "{}")
    turn = Turn(cast.app.database, row, {"update_id": row.update_id, "message": raw}, lambda: None)
    current.set(turn)
    context = Context(cast.app.application)
    await start.start(context, asker_of(raw, cast.app.gateway.id))
    async with cast.app.database.read() as connection:
        query = select(outbox.c.args).where(outbox.c.key.like(f"%:{row.update_id}"))
        return "".join([json.loads(args)["text"] for args in await connection.scalars(query)])


# --- imports -------------------------------------------------------------------------------------


async def test_only_the_owner_confirms_an_import(cast: Cast) -> None:
    """For every presser: confirmed or cancelled by the owner of its chat, once; refused, with nothing changed, else."""
    wrong, chat = [], cast.chats[SUPERGROUP]
    for role, action in itertools.product(sorted(PEOPLE, key=lambda one: one == "owner"), ("apply", "cancel")):
        wanted = Wanted(rules={"hold_at": 77 if action == "apply" else 78})
        offer = partial(exchange.offer, chat_id=chat, wanted=wanted, language="en")
        _, rows = await cast.app.database.write(offer)
        data = f"x:{rows[0][0]['callback_data'].split(':')[1]}:{action}" if rows else ""
        before = await chosen(cast)
        toast = await cast.press(role, cast.card(SUPERGROUP, data), data)
        is_changed = await chosen(cast) != before
        may = lets(role, Right.OWNER)
        if (DENIED in toast) == may or is_changed is not (may and action == "apply"):
            wrong.append(f"{action} by {role}: {toast}")
        if may and "already" not in await cast.press(role, cast.card(SUPERGROUP), data):
            wrong.append(f"{action} by {role}: twice")
    assert wrong == []
    _, rows = await cast.app.database.write(lambda c: exchange.offer(c, chat, Wanted(rules={"hold_at": 1}), "en"))
    data = rows[0][0]["callback_data"] if rows else ""
    for message, forged in (
        (cast.card(SUPERGROUP), data),
        (cast.card(SUPERGROUP, "x:nosuchtoken:apply"), "x:nosuchtoken:apply"),
        (cast.card(SUPERGROUP, f"{data[:-6]}:nothing"), f"{data[:-6]}:nothing"),
    ):
        assert INVALID in await cast.press("owner", message, forged)


# --- forged presses ------------------------------------------------------------------------------


async def presets(cast: Cast) -> list[str]:
    """What is chosen in every chat."""
    async with cast.app.database.read() as connection:
        return [(await chats.settings(connection, chat)).preset.value for chat in cast.chats.values()]


async def test_every_part_of_a_press_is_taken_for_forged(cast: Cast) -> None:
    """Token, message, chat, author, action and presser: with one of them wrong the press counts for nothing."""
    card, other = await open_card(cast, SUPERGROUP), await open_card(cast, SUPERGROUP)
    delete = shown(card, "delete")
    token = delete.split(":")[1]
    group = await open_card(cast, GROUP)
    bare = {
        name: value
        for name, value in cast.card(SUPERGROUP, "s:preset:zero-tolerance").items()
        if name != "reply_markup"
    }
    panel = cast.card(SUPERGROUP, "s:preset:zero-tolerance")
    prompt = await waiting(cast, SUPERGROUP, "ban")
    forged = {
        "token": (card, f"c:{'A' * len(token)}:delete"),
        "message": (other, delete),
        "chat": (group, delete),
        "action": (card, f"c:{token}:nothing"),
        "no action": (card, f"c:{token}"),
        "letter": (card, f"z:{token}:delete"),
        "message without buttons": (bare, "s:preset:zero-tolerance"),
        "button of another message": (card, "s:preset:zero-tolerance"),
        "somebody else's message": (
            {**panel, "from": cast.world.people.get(cast.people["member"]).json()},
            "s:preset:zero-tolerance",
        ),
        "message out of reach": ({"message_id": 1, "date": 0, "chat": panel["chat"]}, "s:preset:zero-tolerance"),
        "another chat's settings": (panel, f"s:preset:watch:{cast.chats[GROUP]}"),
        "prompt pressed elsewhere": (card, data_of(prompt)),
        "prompt in another chat": (cast.card(GROUP, data_of(prompt)), data_of(prompt)),
        "card's token as a prompt": (cast.card(SUPERGROUP, f"a:{token}"), f"a:{token}"),
        "prompt's token as a card": (
            cast.card(SUPERGROUP, f"c:{data_of(prompt)[2:]}:ban"),
            f"c:{data_of(prompt)[2:]}:ban",
        ),
    }
    count, before = len(cast.acted), await presets(cast)
    toasts = {what: await cast.press("owner", message, data) for what, (message, data) in forged.items()}
    assert {what: toast for what, toast in toasts.items() if INVALID not in toast} == {}
    assert DENIED in await cast.press("member", card, delete)
    assert await touched(cast, [card["case"], other["case"], group["case"]]) == []
    assert len(cast.acted) == count
    assert await presets(cast) == before
    assert DENIED not in await cast.press("owner", card, delete)
    assert await touched(cast, [card["case"]]) == [card["case"]]


# --- what is asked of Telegram -------------------------------------------------------------------


async def test_a_demoted_admin_is_refused_at_once(cast: Cast) -> None:
    """Rights are asked of Telegram at the press: what is remembered of the chat's admins lets nobody in."""
    chat, user = cast.world.chat(cast.chats[SUPERGROUP]), cast.people["admin"]
    before = chat.members[user]
    assert await cast.app.application.bot_data["services"].admins.has(chat.id, user)
    card = await open_card(cast, SUPERGROUP)
    chat.members[user] = type(before)(user, "member")
    try:
        assert await cast.app.application.bot_data["services"].admins.has(chat.id, user)
        assert DENIED in await cast.press("admin", card, shown(card, "delete"))
        number = await cast.hear(cast.message(SUPERGROUP, "admin", "/ban 12345678"))
        assert number not in cast.acted
    finally:
        chat.members[user] = before
    assert await touched(cast, [card["case"]]) == []

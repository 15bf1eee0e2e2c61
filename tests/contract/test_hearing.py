"""Appeals before the real handlers: who may press in every kind of chat, what a forged press and a stranger get."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import letters, raidcards
from bot.store import appeals, raids
from bot.store import cases as records
from bot.store.appeals import State
from bot.store.tables import outbox
from handlers.rights import APPEAL_BUTTONS, Right
from tests.contract.cast import CHANNEL, GROUP, PEOPLE, SUPERGROUP, Cast, Json, lets
from tests.contract.machine import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Please use 'Bot"),
]

DENIED, INVALID, YOURSELF = "it takes", "no longer valid", "You acted in this case yourself"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    """The machine with everything but its loops."""
    async with machine(tmp_path_factory.mktemp("bot")) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Heard:
    """A case with an open appeal, and the card in the chat."""

    number: int
    token: str
    card: Json

    def data(self, action: str) -> str:
        """What the button for an action sends."""
        return f"p:{self.token}:{action}"


async def case_of(cast: Cast, kind: str, *, by: str | None = None, sender: str = "poster") -> int:
    """A removed match of somebody's, with a strike given by an admin or by the bot alone; its number."""
    chat, number = cast.chats[kind], next(cast._numbers)
    actor = (cast.people[by], "Somebody") if by else None

    async def write(connection: AsyncConnection) -> int:
        case, _ = await records.open_case(
            connection,
            chat_id=chat,
            incident=f"message:{number}",
            kind="match",
            state="closed",
            message_id=number,
            sender_kind="user",
            sender_id=cast.people[sender],
            sender_name="Poster",
        )
        for what in ("delete", "strike"):
            await records.note(connection, case.id, what, by=actor)
        await records.strike(
            connection,
            chat_id=chat,
            sender_id=case.sender_id,
            incident=case.incident,
            case_id=case.id,
            seconds=86_400,
        )
        return case.id

    return await cast.app.database.write(write)


async def heard(cast: Cast, kind: str, *, by: str | None = None, sender: str = "poster") -> Heard:
    """A case of somebody's and their open appeal."""
    number = await case_of(cast, kind, by=by, sender=sender)

    async def write(connection: AsyncConnection) -> str:
        filed = await appeals.file(
            connection, number, appellant_id=cast.people[sender], text="my secret", until=9e9, remind_at=9e9
        )
        return filed.token

    token = await cast.app.database.write(write)
    card = cast.card(kind, *(f"p:{token}:{action}" for action in APPEAL_BUTTONS))
    return Heard(number, token, card)


async def state_of(cast: Cast, number: int) -> State:
    """How the appeal of a case stands."""
    async with cast.app.database.read() as connection:
        found = await appeals.get(connection, number)
    assert found is not None
    return found.state


async def answer_to(cast: Cast, update: int) -> str:
    """What is said to an update."""
    async with cast.app.database.read() as connection:
        query = select(outbox.c.args).where(outbox.c.key.contains(f":{update}"))
        return " ".join(await connection.scalars(query))


async def test_every_button_asks_for_the_rights_of_an_undo(cast: Cast) -> None:
    """For every button, presser and kind of chat: refused with nothing changed, or decided."""
    wrong = []
    for kind, action in itertools.product((GROUP, SUPERGROUP, CHANNEL), APPEAL_BUTTONS):
        shared = await heard(cast, kind)
        for role in (*PEOPLE, "another bot"):
            may = role != "another bot" and lets(role, Right.RESTRICT_AND_DELETE)
            one = await heard(cast, kind) if may else shared
            toast = await cast.press(role, one.card, one.data(action))
            if (DENIED in toast) == may or ((await state_of(cast, one.number)) is State.OPEN) == may:
                wrong.append(f"{kind} {action} by {role}: {toast}")
    assert wrong == []


async def test_who_acted_is_refused_while_there_is_another(cast: Cast) -> None:
    """The actor and the appellant decide nothing; another admin does, and who presses late hears of it."""
    one = await heard(cast, SUPERGROUP, by="admin", sender="owner")
    assert YOURSELF in await cast.press("admin", one.card, one.data("uphold"))
    assert "your own appeal" in await cast.press("owner", one.card, one.data("overturn"))
    assert await state_of(cast, one.number) is State.OPEN
    assert "upheld" in await cast.press("hidden admin", one.card, one.data("uphold"))
    late = await cast.press("owner", one.card, one.data("overturn"))
    assert "your own appeal" in late
    toast = await cast.press("admin", one.card, one.data("overturn"))
    assert "This appeal is over" in toast
    assert "an anonymous admin" in toast


async def test_the_only_one_with_the_rights_decides_though_they_acted(cast: Cast) -> None:
    """When every other admin has lost the rights, who acted may press; before, they may not."""
    chat = cast.world.chat(cast.chats[CHANNEL])
    one = await heard(cast, CHANNEL, by="owner")
    assert YOURSELF in await cast.press("owner", one.card, one.data("uphold"))
    before = dict(chat.members)
    for role in ("admin", "hidden admin"):
        chat.members[cast.people[role]] = type(before[cast.people[role]])(cast.people[role], "member")
    try:
        assert "upheld" in await cast.press("owner", one.card, one.data("uphold"))
    finally:
        chat.members.update(before)


async def test_a_demoted_admin_decides_nothing(cast: Cast) -> None:
    """Rights are asked of Telegram at the press; when the bot has left, nobody has any."""
    one, chat = await heard(cast, SUPERGROUP), cast.world.chat(cast.chats[SUPERGROUP])
    before = chat.members[cast.people["admin"]]
    chat.members[cast.people["admin"]] = type(before)(cast.people["admin"], "member")
    try:
        assert DENIED in await cast.press("admin", one.card, one.data("overturn"))
    finally:
        chat.members[cast.people["admin"]] = before
    with cast.bot_as(SUPERGROUP, "left"):
        assert DENIED in await cast.press("owner", one.card, one.data("overturn"))
    assert await state_of(cast, one.number) is State.OPEN


async def test_a_forged_press_counts_for_nothing(cast: Cast) -> None:
    """An unknown token, an unknown action, a message that is not the card, somebody else's message."""
    one = await heard(cast, SUPERGROUP)
    bare = {name: value for name, value in one.card.items() if name != "reply_markup"}
    theirs = {**one.card, "from": cast.world.people.get(cast.people["member"]).json()}
    forged = {
        "token": (one.card, f"p:{'A' * len(one.token)}:uphold"),
        "action": (one.card, f"p:{one.token}:nothing"),
        "no action": (one.card, f"p:{one.token}"),
        "another message": (cast.card(SUPERGROUP, "p:x:uphold"), one.data("uphold")),
        "message without buttons": (bare, one.data("uphold")),
        "somebody else's message": (theirs, one.data("uphold")),
    }
    toasts = {what: await cast.press("owner", message, data) for what, (message, data) in forged.items()}
    assert {what: toast for what, toast in toasts.items() if INVALID not in toast} == {}
    assert await state_of(cast, one.number) is State.OPEN


async def test_strangers_learn_nothing_by_number_or_link(cast: Cast) -> None:
    """Another's case, no case and another's link are answered alike; the person of the case is told the way."""
    number = await case_of(cast, SUPERGROUP, sender="member")

    async def link(connection: AsyncConnection) -> str:
        chat = cast.chats[SUPERGROUP]
        return await records.new_button(connection, letters.BUTTON, chat, case_id=number)

    token = await cast.app.database.write(link)
    answers = []
    for text in (f"/appeal {number} me", "/appeal 99999 me"):
        update = await cast.hear(cast.message("private", "owner", text))
        answers.append((await answer_to(cast, update)).replace(str(number), "N").replace("99999", "N"))
    assert "Only the person whom case N is about" in answers[0]
    first, second = (one.partition("reply_parameters")[0] for one in answers)
    assert first == second
    for payload in (token, "nothing"):
        update = await cast.hear(cast.message("private", "owner", f"/start {letters.LINK}{payload}"))
        said = await answer_to(cast, update)
        assert "for the person whom that notice is about" in said
        assert f"ase {number}" not in said
    update = await cast.hear(cast.message("private", "member", f"/start {letters.LINK}{token}"))
    assert f"/appeal {number} your reason" in await answer_to(cast, update)


async def test_a_raids_link_tells_everybody_of_their_own_cases(cast: Cast) -> None:
    """Who was acted on in the raid learns what was done and how to appeal, anybody else only the command's form."""
    first, number, other = [await case_of(cast, SUPERGROUP, sender=one) for one in ("member", "member", "restricted")]

    async def write(connection: AsyncConnection) -> int:
        raid = await raids.begin(connection, cast.chats[SUPERGROUP], first)
        return (await raids.grow(connection, raid, other, removed=True, waits=False)).id

    link = f"{raidcards.LINK}{await cast.app.database.write(write)}"
    update = await cast.hear(cast.message("private", "member", f"/start {link}"))
    said = await answer_to(cast, update)
    assert f"/appeal {number} your reason" in said
    assert f"Your other cases in that raid: {first}." in said
    assert f"ase {other}" not in said
    for person, payload in (("owner", link), ("member", f"{raidcards.LINK}{'9' * 30}"), ("member", raidcards.LINK)):
        update = await cast.hear(cast.message("private", person, f"/start {payload}"))
        assert "Which case, and why?" in await answer_to(cast, update)


async def test_what_a_command_lacks_is_said(cast: Cast) -> None:
    """Without a number or a reason the form is shown, and nothing is filed."""
    number = await case_of(cast, SUPERGROUP, sender="restricted")
    lacking = {"": "Which case, and why?", " x": "Which case, and why?", f" {number}": "why it was a mistake"}
    for words, answer in lacking.items():
        update = await cast.hear(cast.message("private", "restricted", f"/appeal{words}"))
        assert answer in await answer_to(cast, update)
    async with cast.app.database.read() as connection:
        assert await appeals.get(connection, number) is None


async def test_what_is_too_long_is_refused_whole(cast: Cast) -> None:
    """More than 1,000 characters are not cut, 1,000 are taken, and /case shows all of them to an admin in private."""
    number = await case_of(cast, SUPERGROUP, by="admin", sender="left")
    update = await cast.hear(cast.message("private", "left", f"/appeal {number} {'x' * 1001}"))
    assert "has 1001 characters" in await answer_to(cast, update)
    update = await cast.hear(cast.message("private", "left", f"/appeal {number} {'x' * 1000}"))
    assert "is with the admins" in await answer_to(cast, update)
    update = await cast.hear(cast.message("private", "owner", f"/case {number}"))
    shown = await answer_to(cast, update)
    assert "x" * 1000 in shown
    assert ":overturn" in shown
    update = await cast.hear(cast.message(SUPERGROUP, "owner", f"/case {number}"))
    shown = await answer_to(cast, update)
    assert "Appeal: open until" in shown
    assert "xxx" not in shown
    assert ":overturn" not in shown

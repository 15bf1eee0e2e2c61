"""/appeal and the link to it: who was acted on says why that was wrong, in private. Who decides is not known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appealcards, appeals, appealtexts, calls, letters, raidcards
from bot.appealcards import Bench
from bot.appeals import Filing
from bot.calls import CHATTER, start_button
from bot.cards import in_force
from bot.i18n import Html, lines, listed, plain, say
from bot.model import Decision
from bot.store import appeals as filed
from bot.store import cases as records
from bot.store import chats, outbox, raids
from bot.store.cases import Case
from handlers import guard, replies
from handlers.commands import Asker
from handlers.context import Context, Services
from handlers.convert import thread_of
from handlers.rights import Right
from handlers.undoing import find

LINK = letters.LINK

RAID_LINK = raidcards.LINK

HINT = "appeal"
"""The payload of the link that leads from a group here without a case; it greets as /start does."""

MAX_DIGITS = 18  # what 64 bits surely hold

MOST = 20
"""Cases of one person that a raid's link tells of, the newest."""

Words = Callable[[str], Html]


def number_of(asker: Asker) -> int | None:
    """Return the number that is a command's first word, None when there is none."""
    word = asker.words[0].lstrip("#").rstrip(":.,") if asker.words else ""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= MAX_DIGITS else None


async def appeal(context: Context, asker: Asker) -> None:
    """``/appeal N text`` in private: have another admin look at case N."""
    if not asker.is_private:
        await _lead_away(context, asker)
        return
    number, text = number_of(asker), appealtexts.words_of(" ".join(asker.words[1:]))
    if number is None:
        await _answer(context, asker, _how_to(asker.language))
    elif len(text) > appealtexts.LONGEST:
        await _answer(context, asker, _too_long(asker.language, len(text)))
    else:
        await _file(context, asker, number, text)


async def follow_link(context: Context, asker: Asker, token: str) -> None:
    """Say to who was acted on what was done and how to appeal; who follows another's link learns nothing."""
    async with context.services.database.read() as connection:
        button = await records.button(connection, token)
        is_link = button is not None and button.kind == letters.BUTTON and button.case_id is not None
        case = await records.get(connection, button.case_id or 0) if button and is_link else None

    async def write(connection: AsyncConnection) -> None:
        person = {"name": asker.name, "language": asker.language, "reachable": True}
        await chats.greet(connection, asker.user_id, **person)
        await replies.answer(connection, context.turn, await _explained(connection, asker, case))

    await context.turn.commit(write)


async def follow_raid(context: Context, asker: Asker, number: str) -> None:
    """Say to who was acted on in a raid what was done and how to appeal, to anybody else only how that is done."""
    is_number = number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS

    async def write(connection: AsyncConnection) -> None:
        person = {"name": asker.name, "language": asker.language, "reachable": True}
        await chats.greet(connection, asker.user_id, **person)
        found = await _own(connection, asker.user_id, int(number)) if is_number else []
        text = await _explained(connection, asker, found[0]) if found else _how_to(asker.language)
        await replies.answer(connection, context.turn, lines(text, _others(asker.language, found[1:])))

    await context.turn.commit(write)


async def able(services: Services, chat_id: int, right: Right) -> list[int]:
    """Return the people who have a right in a chat, as Telegram says at this moment. Raises `Unreachable`."""
    admins = await services.gateway.ask("getChatAdministrators", {"chat_id": chat_id})
    people = [one for one in admins or () if not one["user"].get("is_bot")]
    return [int(one["user"]["id"]) for one in people if guard.holds(one, right)]


async def bench_of(services: Services, case: Case, right: Right, appellant_id: int) -> Bench:
    """Ask Telegram who may decide an appeal in a case: not who acted, unless nobody else could."""
    async with services.database.read() as connection:
        acts = await filed.acts(connection, case.id)
    return appealcards.bench(await able(services, case.chat_id, right), acts.by_ids, appellant_id)


async def _file(context: Context, asker: Asker, number: int, text: str) -> None:
    services = context.services
    async with services.database.read() as connection:
        hindered = await appeals.hindrance(connection, number, asker.user_id)
    found = await find(services, number, keeps=False)
    if hindered is not None or found is None:
        fate = hindered or appeals.Fate.NOT_YOURS
        await _answer(context, asker, appeals.why_not(asker.language, fate, number))
        return
    if not text:
        await _answer(context, asker, _say_why(asker.language, number))
        return
    filing = Filing(
        number=number,
        user_id=asker.user_id,
        name=asker.name,
        language=asker.language,
        text=text,
        bench=await bench_of(services, found.case, found.right, asker.user_id),
        seconds=services.settings.limits.appeal_days * appeals.DAY,
    )

    async def write(connection: AsyncConnection) -> None:
        result = await appeals.file(connection, filing)
        await replies.answer(connection, context.turn, appeals.receipt(asker.language, result))

    await context.turn.commit(write)


async def _explained(connection: AsyncConnection, asker: Asker, case: Case | None) -> Html:
    """Return what the link of a notice says to who follows it."""
    language = asker.language
    if case is None or case.sender_id != asker.user_id:
        return say(language, "This link is for the person whom that notice is about.")
    hindered = await appeals.hindrance(connection, case.id, asker.user_id)
    if hindered is not None:
        return appeals.why_not(language, hindered, case.id)
    actions, settings = await records.actions(connection, case.id), await chats.settings(connection, case.chat_id)
    done = in_force(actions)
    return lines(
        appealtexts.letter(
            language, case, settings.title, Decision(), is_kick="kick" in done, is_removed="delete" in done
        ),
        say(language, "Done: {what}", what=appealtexts.against(language, actions)),
        appealtexts.how_to(language, case.id, until=await letters.until(connection, case, settings)),
    )


async def _own(connection: AsyncConnection, user_id: int, raid_id: int) -> list[Case]:
    """Return a person's cases in a raid, the newest first: those to appeal in, else one that says why not."""
    raid = await raids.get(connection, raid_id)
    found = await raids.of_sender(connection, raid, user_id, MOST) if raid else []
    fates = [(one, await appeals.hindrance(connection, one.id, user_id)) for one in found]
    hindered = [one for one, fate in fates if fate is not appeals.Fate.NOT_YOURS]
    return [one for one, fate in fates if fate is None] or hindered[:1]


def _others(language: str, others: Sequence[Case]) -> Html | None:
    if not others:
        return None
    numbers = listed(language, [str(one.id) for one in others])
    return say(language, "Your other cases in that raid: {cases}.", cases=numbers)


async def _lead_away(context: Context, asker: Asker) -> None:
    """Take the command out of the group, and show the way to say it in private; whose case it is is not looked at."""
    if asker.message["chat"].get("type") == "channel":
        return

    async def write(connection: AsyncConnection) -> None:
        language = (await chats.settings(connection, asker.chat_id)).language
        await replies.remove_command(connection, context.turn)
        rows = [[start_button(plain(say(language, "Write to me")), HINT)]]
        text = say(language, "An appeal is between its author and the admins: give this command in private.")
        key, thread = f"hint:{context.turn.row.update_id}", thread_of(asker.message)
        hint = calls.say(key, asker.chat_id, text, rank=CHATTER, buttons=rows, thread_id=thread)
        await outbox.put(connection, [hint])

    await context.turn.commit(write)


async def _answer(context: Context, asker: Asker, text: Html) -> None:
    async def write(connection: AsyncConnection) -> None:
        person = {"name": asker.name, "language": asker.language, "reachable": True}
        await chats.greet(connection, asker.user_id, **person)
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


def _how_to(language: str) -> Html:
    return say(
        language,
        "Which case, and why? Give its number, which is in what I said about it, and your reason: "
        "<code>/appeal 12 your reason</code>",
    )


def _say_why(language: str, number: int) -> Html:
    return say(
        language,
        "Please say as well why it was a mistake: <code>/appeal {number} your reason</code>. "
        "The admins read it, up to {most} characters.",
        number=number,
        most=appealtexts.LONGEST,
    )


def _too_long(language: str, length: int) -> Html:
    return say(
        language,
        "Your reason has {n} characters, and {most} are what I can pass on. Please say it shorter; nothing was sent.",
        n=length,
        most=appealtexts.LONGEST,
    )

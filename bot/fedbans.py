"""The story of a federation's bans: decided once, acted on in every chat, met again at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cards, cases, guardians, letters
from bot.calls import CARD
from bot.fedfile import Banned
from bot.feds import Refusal
from bot.i18n import Html, lines, name, say
from bot.model import Action, ActionKind, Decision, MessageRef, Sender, SenderKind
from bot.notices import shorten, where
from bot.policy import PUNISHABLE, SERVICE_IDS, Standing
from bot.store import cases as records
from bot.store import chats, outbox, trusted
from bot.store import feds as store
from bot.store.cases import Case
from bot.store.feds import Fed, FedBan

KIND = "moderation"
"""The kind of case that a ban opens in each chat."""

By = tuple[int, str]

CHUNK = 1_000
"""Bans of a file that one statement takes."""


@dataclass(frozen=True, slots=True)
class Place:
    """A chat of the federation: its kind, what the person is to it at this moment, and whether the bot may ban there.

    `standing` is UNKNOWN where Telegram does not know the person: they are met when they join or write.
    """

    chat_id: int
    chat_type: str
    standing: Standing
    may_restrict: bool


@dataclass(frozen=True, slots=True)
class Order:
    """A ban, or the end of one, that an admin of the federation asked for.

    `chat_id` is the chat where it was given, None in private; `places` are the federation's chats.
    """

    fed: Fed
    target: Sender
    by: By
    chat_id: int | None
    places: Sequence[Place]
    reason: str = ""
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """What came of an order: in how many chats it acts, is only told, meets an admin, or cannot act yet."""

    order: Order
    case: Case | None = None
    is_new: bool = True
    acts: int = 0
    told: int = 0
    spared: int = 0
    waits: int = 0


async def hindrance(connection: AsyncConnection, order: Order) -> Refusal | None:
    """Say whom a federation never bans: those who run it, service accounts, the bot, an admin of the chat itself."""
    target = order.target
    if target.id in SERVICE_IDS:
        return Refusal.SERVICE
    if target.kind is SenderKind.SELF:
        return Refusal.SELF
    if target.kind not in (SenderKind.USER, SenderKind.CHANNEL) or target.id == 0:
        return Refusal.CHAT_ADMIN
    if target.id == order.fed.owner_id or target.id in dict(await store.admins(connection, order.fed.id)):
        return Refusal.ITS_ADMIN
    here = next((one for one in order.places if one.chat_id == order.chat_id), None)
    protected = {Standing.ADMIN, Standing.ANONYMOUS_ADMIN, Standing.LINKED_CHANNEL, Standing.OWN_POST}
    return Refusal.CHAT_ADMIN if here and here.standing in protected else None


async def ban(connection: AsyncConnection, order: Order) -> Spread:
    """Ban somebody in a federation, and in each of its chats by a case of its own with the reason."""
    facts = {"name": order.target.name, "reason": order.reason, "by_id": order.by[0], "by_name": order.by[1]}
    kept, is_new = await store.ban(connection, order.fed.id, order.target.id, **facts)
    await records.record(
        connection, "fed.ban", chat_id=order.chat_id, actor_id=order.by[0], detail=f"{order.fed.id}: {order.target.id}"
    )
    fates, decided = [], None
    for place in order.places:
        message_id = order.message_id if place.chat_id == order.chat_id else None
        ref = MessageRef(place.chat_id, message_id) if message_id is not None else None
        fate, case = await _reach(connection, kept, place, order.target, ref=None, about=ref)
        fates.append(fate)
        if case and (decided is None or place.chat_id == order.chat_id):
            decided = case
    if decided and kept.case_id is None:
        await store.set_case(connection, kept.id, decided.id)
    counts = {name: fates.count(name) for name in ("acts", "told", "spared", "waits")}
    return Spread(order, decided, is_new, **counts)


async def unban(connection: AsyncConnection, order: Order) -> Spread | Refusal:
    """Take a ban back, and lift it in the chats where it acted."""
    kept = await store.ban_of(connection, order.fed.id, order.target.id)
    if kept is None:
        return Refusal.NOT_BANNED
    await store.lift(connection, order.fed.id, order.target.id)
    await records.record(
        connection, "fed.unban", chat_id=order.chat_id, actor_id=order.by[0], detail=f"{order.fed.id}: {kept.sender_id}"
    )
    acts = 0
    for place in order.places:
        case = await _case_of(connection, place.chat_id, kept)
        if case and place.chat_type != "group" and await _has_banned(connection, case):
            call = calls.unban(
                case.chat_id, case.sender_id, f"fed:{kept.id}", is_channel=case.is_channel, case_id=case.id
            )
            await cases.enqueue(connection, case, "unban", call, by=order.by)
            await cards.log(connection, case, "unban", by=_named(order.by[1], order.fed))
            acts += 1
    return Spread(order, acts=acts)


async def meet(
    connection: AsyncConnection, kept: FedBan, place: Place, sender: Sender, ref: MessageRef | None, *, mark: str
) -> None:
    """Act on somebody who is banned in the federation and joins a chat of it, or writes there.

    `mark` is different for every time that they are met.
    """
    still = await store.ban_in(connection, place.chat_id, kept.sender_id)
    if still is not None and still.id == kept.id:
        await _reach(connection, still, place, sender, ref=ref, about=ref, mark=mark)


async def take_in(connection: AsyncConnection, fed: Fed, bans: Sequence[Banned], *, by: By | None) -> tuple[int, int]:
    """Add bans from elsewhere; return how many are new, and how many were left out because they run the federation.

    They act when those whom they name join a chat or write there.
    """
    protected = {fed.owner_id, *dict(await store.admins(connection, fed.id))}
    by_id, by_name = by or (None, "")
    rows = [
        {"sender_id": one.sender_id, "name": one.name, "reason": one.reason, "by_id": by_id, "by_name": by_name}
        for one in bans
        if one.sender_id not in protected
    ]
    new = 0
    for start in range(0, len(rows), CHUNK):
        new += await store.add_bans(connection, fed.id, rows[start : start + CHUNK])
    await records.record(connection, "fed.import", actor_id=by_id, detail=f"{fed.id}: {new} new of {len(bans)}")
    return new, len(bans) - len(rows)


async def _reach(
    connection: AsyncConnection,
    kept: FedBan,
    place: Place,
    sender: Sender,
    *,
    ref: MessageRef | None,
    about: MessageRef | None,
    mark: str = "",
) -> tuple[str, Case | None]:
    """Carry a ban into one chat, once; `ref` is a message to remove, `about` the one that it was decided on.

    Whom a chat trusts is not banned there, and a ban that its admins lifted does not come back. `mark` stands for the
    time that somebody is met.
    """
    known = await store.of_chat(connection, place.chat_id)
    if known is None:
        return "waits", None
    fed, member = known
    is_trusted = await trusted.has(connection, place.chat_id, kept.sender_id)
    acts = member.acts and not is_trusted
    if place.standing is Standing.UNKNOWN or (acts and not place.may_restrict):
        return "waits", None
    if place.standing not in PUNISHABLE:
        return "spared", None
    case, is_new = await _open(connection, kept, place, sender, about)
    if not acts:
        if is_new:
            await _tell(connection, fed, kept, case, is_trusted=is_trusted)
        return "told", case
    again = await _again(connection, case, place, mark)
    if again is None:
        return "acts", case
    if ref is not None:
        await cases.enqueue(connection, case, "delete", calls.delete(ref, case_id=case.id))
    await cases.enqueue(connection, case, "ban", cases.ban(case, mark=again), detail=fed.name)
    settings = await chats.settings(connection, case.chat_id)
    await letters.send(connection, case, Decision((Action(ActionKind.BAN, "federation"),)), settings)
    await cards.log(connection, case, "ban", by=_named(kept.by_name, fed), is_removed=ref is not None)
    return "acts", case


async def _open(
    connection: AsyncConnection, kept: FedBan, place: Place, sender: Sender, about: MessageRef | None
) -> tuple[Case, bool]:
    earlier = await _case_of(connection, place.chat_id, kept)
    if earlier is not None:
        return earlier, False
    return await records.open_case(
        connection,
        chat_id=place.chat_id,
        incident=_incident(kept),
        kind=KIND,
        state="closed",
        message_id=about.message_id if about else None,
        sender_kind=SenderKind.CHANNEL.value if kept.sender_id < 0 else SenderKind.USER.value,
        sender_id=kept.sender_id,
        sender_name=sender.name or kept.name,
        reason=kept.reason,
    )


async def _case_of(connection: AsyncConnection, chat_id: int, kept: FedBan) -> Case | None:
    """Return a chat's case of a ban; one of before the chat became a supergroup is marked as such."""
    for incident in (_incident(kept), f"before {_incident(kept)}"):
        if (case := await records.find(connection, chat_id, incident, KIND)) is not None:
            return case
    return None


async def _again(connection: AsyncConnection, case: Case, place: Place, mark: str) -> str | None:
    """Return what tells a ban from earlier ones of its case, None when it acts already or was lifted.

    Out of a basic group somebody is only put, and may come back: there they are banned each time that they are met.
    """
    if not await _has_banned(connection, case):
        return ""
    is_undone = "undo" in {one.kind for one in await records.actions(connection, case.id)}
    return f":{mark}" if mark and place.chat_type == "group" and not is_undone else None


async def _has_banned(connection: AsyncConnection, case: Case) -> bool:
    return any(one.kind == "ban" and one.state != "refused" for one in await records.actions(connection, case.id))


async def _tell(connection: AsyncConnection, fed: Fed, kept: FedBan, case: Case, *, is_trusted: bool) -> None:
    """Tell the admins of a chat that wants to be told only, or trusts whom the ban is about."""
    settings = await chats.settings(connection, case.chat_id)
    target = await cases.admin_chat(connection, settings)
    language = await guardians.tongue(connection, settings, target)
    text = notice(language, fed, kept, case, settings.title, is_trusted=is_trusted)
    key, thread_id = f"fed:{kept.id}:{case.chat_id}", guardians.topic(settings, target)
    call = calls.say(key, target, text, rank=CARD, thread_id=thread_id, case_id=case.id)
    await outbox.put(connection, [call])
    await records.note(connection, case.id, "notify")


def notice(language: str, fed: Fed, kept: FedBan, case: Case, chat_title: str, *, is_trusted: bool = False) -> Html:
    """Say to admins that somebody in their chat is banned in its federation, and why not here."""
    return lines(
        say(
            language,
            "<b>Case {number}</b> · Banned in the federation <b>{fed}</b>, not here",
            number=case.id,
            fed=name(fed.name),
        ),
        *where(language, case, chat_title, with_link=True),
        say(language, "Reason: {reason}.", reason=shorten(kept.reason).rstrip(".")) if kept.reason else None,
        say(language, "They are trusted here. To ban them all the same: <code>/ban {id}</code>", id=case.sender_id)
        if is_trusted
        else say(language, "This chat only wants to be told. To ban here: <code>/ban {id}</code>", id=case.sender_id),
    )


def _incident(kept: FedBan) -> str:
    return f"fban:{kept.id}"


def _named(by_name: str, fed: Fed) -> By:
    """Return who decided, for a chat that may not know them: with the federation's name."""
    return 0, f"{by_name}, {fed.name}" if by_name else fed.name

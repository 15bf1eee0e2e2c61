"""What is said about federations: what they are, why something is not done, how far a ban reached. Pure."""

from __future__ import annotations

from bot.calls import button
from bot.fedbans import Spread
from bot.fedfile import BadLine
from bot.feds import MAX_ADMINS, About, Refusal
from bot.i18n import Html, lines, listed, mention, name, paragraphs, plain, say, say_n
from bot.model import Sender, SenderKind
from bot.notices import shorten
from bot.store.feds import Fed

MARK = "g"
"""The letter that the data of these buttons begins with."""

SHOWN_BAD = 15
"""Bad lines of a file that are named one by one; the rest is counted."""

Keyboard = list[list[dict[str, str]]]


def refusal(language: str, why: Refusal) -> Html:
    """Say why something about a federation is not done, and what to do instead."""
    words = {
        Refusal.NO_NAME: say(language, "Give it a name: <code>/newfed Our groups</code>"),
        Refusal.OWNS_ONE: say(language, "You own a federation already: /fedinfo shows it. One each is enough."),
        Refusal.UNKNOWN: say(
            language,
            "I know no federation of this number. Its owner finds it with /fedinfo: <code>/joinfed NUMBER</code>",
        ),
        Refusal.NONE: say(language, "This chat is in no federation. Its owner can have it join one with /joinfed."),
        Refusal.IN_IT: say(language, "This chat is in that federation already."),
        Refusal.IN_ANOTHER: say(language, "This chat is in another federation. /leavefed comes first."),
        Refusal.NOT_OWNER: say(language, "Only the owner of the federation can do this."),
        Refusal.NOT_ADMIN: say(language, "This takes an admin of the federation. An admin of one chat is none yet."),
        Refusal.SEVERAL: say(
            language, "You are an admin of several federations: give this in a chat of the one you mean."
        ),
        Refusal.NOBODY: say(language, "Only a person can be an admin of a federation."),
        Refusal.ADMIN_ALREADY: say(language, "They are an admin of the federation already."),
        Refusal.NO_ADMIN: say(language, "They are no admin of the federation."),
        Refusal.TOO_MANY: say(language, "A federation has at most {n} admins.", n=MAX_ADMINS),
        Refusal.ITS_ADMIN: say(language, "They run this federation: it bans none of its own."),
        Refusal.SERVICE: say(language, "This is one of Telegram's service accounts, which speaks for others."),
        Refusal.SELF: say(language, "This is me: I do nothing against myself."),
        Refusal.CHAT_ADMIN: say(language, "This is an admin here: I do nothing against admins."),
        Refusal.NOT_BANNED: say(language, "They are not banned in the federation."),
        Refusal.NO_FILE: say(
            language,
            "Send me the file in private, CSV or JSON, with the caption /fedimport, or reply to it with that.",
        ),
        Refusal.FILE_TOO_LARGE: say(language, "I cannot fetch this file: it is too large. Up to 10 MB are taken."),
    }
    return words[why]


def founded(language: str, fed: Fed) -> Html:
    """Say that a federation was founded, and how chats join."""
    return lines(
        say(language, "The federation <b>{fed}</b> is founded.", fed=name(fed.name)),
        say(
            language,
            "The owner of a chat has it join with <code>/joinfed {id}</code>. Its admins are your choice: /fedadmins",
            id=fed.id,
        ),
    )


def joined(language: str, fed: Fed) -> Html:
    """Say what it means that a chat joined."""
    return lines(
        say(language, "This chat is in the federation <b>{fed}</b> now.", fed=name(fed.name)),
        say(
            language,
            "Who is banned there is banned here when they join or write, strikes count together, and pictures that "
            "one chat has blocked are removed in all. /fedinfo has buttons to be told only.",
        ),
    )


def left(language: str, fed: Fed) -> Html:
    """Say what it means that a chat left."""
    return say(
        language,
        "This chat has left the federation <b>{fed}</b>. Who was banned here stays banned: /unban lifts it.",
        fed=name(fed.name),
    )


def about(language: str, told: About) -> Html:
    """Say what a federation is, and how the chat that asks takes part."""
    admins = listed(language, [mention(user_id, words) for user_id, words in told.admins]) if told.admins else "—"
    return paragraphs(
        lines(
            say(language, "Federation <b>{fed}</b>", fed=name(told.fed.name)),
            say(language, "Number: <code>{id}</code>", id=told.fed.id),
            say(language, "Owner: {who}", who=mention(told.fed.owner_id, told.owner_name)),
            say(language, "Admins: {names}", names=Html(admins)),
            say_n(language, "{n} chat", "{n} chats", told.chats),
            say_n(language, "{n} ban", "{n} bans", told.bans),
        ),
        _taking_part(language, told),
    )


def _taking_part(language: str, told: About) -> Html | None:
    if told.member is None:
        return None
    if not told.member.acts:
        return say(language, "Here its bans, strikes and lists do nothing by themselves: the admins are told.")
    return lines(
        say(language, "Here its bans act, and pictures that its other chats have blocked are removed."),
        say(language, "Strikes of its other chats count here.")
        if told.member.strikes
        else say(language, "Strikes of its other chats do not count here."),
    )


def keyboard(language: str, told: About) -> Keyboard:
    """Return the buttons by which a chat chooses how it takes part."""
    if told.member is None:
        return []
    acts, strikes = told.member.acts, told.member.strikes
    rows = [
        [
            button(_chosen(say(language, "Bans act"), acts), f"{MARK}:acts:on"),
            button(_chosen(say(language, "Only tell"), not acts), f"{MARK}:acts:off"),
        ]
    ]
    if acts:
        rows.append(
            [
                button(_chosen(say(language, "Strikes count"), strikes), f"{MARK}:strikes:on"),
                button(_chosen(say(language, "They do not"), not strikes), f"{MARK}:strikes:off"),
            ]
        )
    return rows


def banned(language: str, done: Spread) -> Html:
    """Say how far a ban reached."""
    order = done.order
    who = _who(language, order.target)
    head = (
        say(language, "{who} is banned in the federation <b>{fed}</b>.", who=who, fed=name(order.fed.name))
        if done.is_new
        else say(
            language, "{who} was banned in the federation <b>{fed}</b> already.", who=who, fed=name(order.fed.name)
        )
    )
    return lines(
        head,
        say(language, "Reason: {reason}.", reason=shorten(order.reason).rstrip(".")) if order.reason else None,
        say(language, "Case {number}.", number=done.case.id) if done.case else None,
        say_n(language, "It acts in {n} chat.", "It acts in {n} chats.", done.acts) if done.acts else None,
        say_n(language, "{n} chat is only told.", "{n} chats are only told.", done.told) if done.told else None,
        say_n(
            language,
            "In {n} chat they are an admin: nothing is done there.",
            "In {n} chats they are an admin: nothing is done there.",
            done.spared,
        )
        if done.spared
        else None,
        say_n(
            language,
            "In {n} chat it acts when they join or write, and I may ban.",
            "In {n} chats it acts when they join or write, and I may ban.",
            done.waits,
        )
        if done.waits
        else None,
    )


def unbanned(language: str, done: Spread) -> Html:
    """Say that a ban was taken back, and where it is lifted."""
    who = _who(language, done.order.target)
    return lines(
        say(
            language,
            "{who} is not banned in the federation <b>{fed}</b> any more.",
            who=who,
            fed=name(done.order.fed.name),
        ),
        say_n(language, "It is lifted in {n} chat.", "It is lifted in {n} chats.", done.acts) if done.acts else None,
    )


def admins(language: str, told: About) -> Html:
    """List a federation's admins, and how its owner chooses them."""
    return lines(
        about(language, told),
        "",
        say(language, "<code>/fedadmins promote 123456789</code> makes an admin, <code>demote</code> ends it."),
    )


def promoted(language: str, who: Sender, fed: Fed, *, is_admin: bool) -> Html:
    """Say that somebody is an admin of a federation now, or no more."""
    values = {"who": _who(language, who), "fed": name(fed.name)}
    if is_admin:
        return say(language, "{who} is an admin of the federation <b>{fed}</b> now: they may /fban.", **values)
    return say(language, "{who} is no admin of the federation <b>{fed}</b> any more.", **values)


def imported(language: str, fed: Fed, *, new: int, known: int, left_out: int, bad: list[BadLine]) -> Html:
    """Say what came of a file of bans: every bad line up to `SHOWN_BAD` by its number."""
    shown = [
        say(language, "Line {number}: {why}", number=one.number, why=bad_words(language, one))
        for one in bad[:SHOWN_BAD]
    ]
    more = len(bad) - len(shown)
    return lines(
        say_n(
            language,
            "{n} ban is new in the federation <b>{fed}</b>.",
            "{n} bans are new in the federation <b>{fed}</b>.",
            new,
            fed=name(fed.name),
        ),
        say_n(language, "{n} was there before.", "{n} were there before.", known) if known else None,
        say_n(language, "{n} runs the federation: left out.", "{n} run the federation: left out.", left_out)
        if left_out
        else None,
        say(language, "They act when somebody of them joins a chat or writes there.") if new else None,
        say_n(language, "{n} line is no ban:", "{n} lines are no bans:", len(bad)) if bad else None,
        *shown,
        say_n(language, "… and {n} more line", "… and {n} more lines", more) if more else None,
    )


def bad_words(language: str, one: BadLine) -> Html:
    """Say in the reader's language what is wrong with a line."""
    words = {
        "json": say(language, "not JSON"),
        "object": say(language, "not a JSON object with user_id"),
        "csv": say(language, "not CSV"),
        "columns": say(language, "other columns than the header has"),
        "header": say(language, "no header, and not 1, 2 or 5 columns"),
        "id": say(language, "no numeric user id"),
        "service": say(language, "one of Telegram's service accounts"),
    }
    return words[one.code]


def _who(language: str, who: Sender) -> Html:
    if who.kind is SenderKind.USER:
        return mention(who.id, who.name or str(who.id))
    return say(language, "{name} (channel)", name=name(who.name or str(who.id)))


def _chosen(words: Html, is_chosen: bool) -> str:
    return f"● {plain(words)}" if is_chosen else plain(words)

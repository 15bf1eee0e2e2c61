"""The Bot API's field table as a judge of calls, answers and updates; no server lives here.

Every function returns the list of what is wrong, each with its path; an empty list is a pass.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "data" / "bot-api-10.1.json"
SCALARS: dict[str, Any] = {"Integer": int, "Float": (int, float), "String": str, "Boolean": bool}
LIST = "Array of "
FILE = {"filename", "size", "sha256"}  # how the sandbox notes a file that came along
NEWER = {  # what Telegram sends since Bot API 10.3 and the table does not have yet; aiogram 3.31 requires it
    "ChatMemberAdministrator": {"can_send_welcome_messages": {"types": ["Boolean"], "required": False}},
    "ChatAdministratorRights": {"can_send_welcome_messages": {"types": ["Boolean"], "required": False}},
}
MARKUP = ("parse_mode", "entities", "caption_entities")  # with these a text is measured after parsing


@cache
def table() -> dict[str, Any]:
    """The whole table, Bot API 10.1."""
    loaded: dict[str, Any] = json.loads(TABLE.read_text("utf-8"))
    return loaded


def parameters(method: str) -> frozenset[str]:
    """The names of a method's parameters."""
    return frozenset(table()["methods"][method]["params"])


def check_request(method: str, args: dict[str, Any]) -> list[str]:
    """What is wrong with a call: unknown or missing parameters, wrong types or lengths."""
    known = table()["methods"].get(method)
    if known is None:
        return [f"{method}: there is no such method"]
    parsed = any(args.get(name) for name in MARKUP)
    return _check_fields(known["params"], args, method, skip_length=parsed)


def check_answer(method: str, result: Any) -> list[str]:
    """What is wrong with the result of a method."""
    return check_value(table()["methods"][method]["returns"], result, method)


def check_update(update: dict[str, Any]) -> list[str]:
    """What is wrong with an update: its fields, and that it carries exactly one thing."""
    kinds = [name for name in update if name != "update_id"]
    wrong = [] if len(kinds) == 1 else [f"Update: one thing expected, not {kinds}"]
    return wrong + check_value(["Update"], update, "Update")


def check_call(call: dict[str, Any]) -> list[str]:
    """What is wrong with a call of the sandbox's outbox: its arguments, and its answer when it succeeded."""
    wrong = check_request(call["method"], call["args"])
    if call["ok"] and call["method"] != "getUpdates":
        wrong += check_answer(call["method"], call["answer"])
    return wrong


def check_value(types: list[str], value: Any, path: str, length: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with a value that may be of several types: nothing if it fits one, else the least wrong."""
    tried = [_check_type(name, value, path) for name in types]
    wrong = min(tried, key=len)
    return wrong or _check_length(length, value, path)


def _check_type(name: str, value: Any, path: str) -> list[str]:
    if name.startswith(LIST):
        return _check_list(name.removeprefix(LIST), value, path)
    if name in SCALARS:
        fits = isinstance(value, SCALARS[name]) and (name == "Boolean" or not isinstance(value, bool))
        return [] if fits else [f"{path}: {name} expected, not {value!r}"]
    if name == "InputFile":
        fits = isinstance(value, str) or (isinstance(value, dict) and set(value) == FILE)
        return [] if fits else [f"{path}: a file expected, not {value!r}"]
    return _check_object(name, value, path)


def _check_list(inner: str, value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{path}: a list expected, not {value!r}"]
    return [problem for place, item in enumerate(value) for problem in check_value([inner], item, f"{path}[{place}]")]


def _check_object(name: str, value: Any, path: str) -> list[str]:
    known = table()["types"][name]
    if "subtypes" in known:
        return _check_subtypes(known["subtypes"], value, path)
    if not isinstance(value, dict):
        return [f"{path}: {name} expected, not {value!r}"]
    return _check_fields({**known["fields"], **NEWER.get(name, {})}, value, path)


def _check_subtypes(names: list[str], value: Any, path: str) -> list[str]:
    """Judge by the subtype whose constants match; by the least wrong one when none or several do."""
    if not isinstance(value, dict):
        return [f"{path}: one of {names} expected, not {value!r}"]
    fitting = [name for name in names if _constants_fit(name, value)]
    return min((_check_type(name, value, path) for name in fitting or names), key=len)


def _constants_fit(name: str, value: dict[str, Any]) -> bool:
    fields = table()["types"][name].get("fields", {})
    return all(value.get(field) == spec["const"] for field, spec in fields.items() if "const" in spec)


def _check_fields(known: dict[str, Any], value: dict[str, Any], path: str, *, skip_length: bool = False) -> list[str]:
    wrong = [f"{path}.{name}: there is no such field" for name in value if name not in known]
    for name, spec in known.items():
        where = f"{path}.{name}"
        if name not in value:
            wrong += [f"{where}: missing"] if spec["required"] else []
            continue
        if "const" in spec and value[name] != spec["const"]:
            wrong.append(f"{where}: {spec['const']!r} expected, not {value[name]!r}")
        wrong += check_value(spec["types"], value[name], where, None if skip_length else spec.get("length"))
    return wrong


def _check_length(length: dict[str, Any] | None, value: Any, path: str) -> list[str]:
    if length is None or not isinstance(value, str):
        return []
    size = len(value.encode()) if length["unit"] == "bytes" else len(value)
    if length["min"] <= size <= length["max"]:
        return []
    return [f"{path}: {length['min']} to {length['max']} {length['unit']} expected, not {size}"]

"""What is wrong with a study, in plain words: all of it at once, each with the key to mend."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from interlingua.errors import ConfigError, InterlinguaError, LanguageError, suggest

#: What pydantic calls a mistake whose words are ours: they stand as they are, one mistake a line.
OURS: Mapping[str, type[InterlinguaError]] = {"value_error": ConfigError, "language": LanguageError}
#: Characters of a wrong value that a message quotes.
_QUOTED = 60

#: A type with what limits it.
_Limited = tuple[Any, tuple[Any, ...]]


class Problems:
    """What was found wrong so far."""

    def __init__(self) -> None:
        self.found: list[tuple[type[InterlinguaError], str]] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note what is raised inside the block, and go on after it."""
        try:
            yield
        except InterlinguaError as error:
            self.found.append((type(error), str(error)))

    def note(self, error: ValidationError, model: type[BaseModel], above: Sequence[str] = ()) -> None:
        """Note all that a model that stands under the keys `above` finds wrong."""
        by_place: dict[tuple[Any, ...], list[Any]] = {}
        for problem in error.errors(include_url=False):
            keys, _ = _place(model, problem["loc"])
            by_place.setdefault(tuple(keys), []).append(problem)
        for place, problems in by_place.items():
            # A union has a problem for each of its members: one sentence is enough.
            self.found += _told(problems[0], model, [*above, *place])

    def told(self, where: str) -> None:
        """Raise what was found.

        Raises
        ------
        InterlinguaError
            Of the class of all problems, or else a ConfigError, if there are any.
        """
        if not self.found:
            return
        found = list(dict.fromkeys(self.found))
        kinds = {kind for kind, _ in found}
        kind = kinds.pop() if len(kinds) == 1 else ConfigError
        if len(found) == 1:
            raise kind(f"{where}: {found[0][1]}")
        listed = "\n".join(f"({number}) {message}" for number, (_, message) in enumerate(found, 1))
        raise kind(f"{where}: {len(found)} problems:\n{listed}")


def unknown_key(keys: Sequence[str], known: Iterable[str]) -> str:
    """Say that there is no such key, and which there are."""
    known = list(known)
    return f"there is no key '{joined(keys)}'{suggest(keys[-1], known)}; known here: {', '.join(known) or 'none'}"


def joined(keys: Iterable[Any]) -> str:
    """Return keys as a message writes them: dotted, the entries of lists counted from 1."""
    text = ""
    for key in keys:
        text += f", entry {key + 1}" if isinstance(key, int) else f"{'.' if text else ''}{_cut(str(key))}"
    return text


def given(value: Any) -> str:
    """Return a wrong value as a message quotes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"a table of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return _cut(repr(value))


def _told(first: Any, model: type[BaseModel], keys: Sequence[Any]) -> list[tuple[type[InterlinguaError], str]]:
    """Return what a problem says, with the class of its error."""
    kind, where = first["type"], joined(keys)
    if kind in OURS:
        many = isinstance(first["input"], Mapping | BaseModel | list | tuple)
        value = "" if many else f" (given: {given(first['input'])})"
        words = str(first["msg"]).removeprefix("Value error, ").split("\n")
        return [(OURS[kind], f"{where}: {line}{value}" if where else line) for line in words]
    if kind == "extra_forbidden":
        holder = _section(_place(model, first["loc"][:-1])[1]) or model
        also = ("norms", "contexts") if len(keys) == 1 else ()
        return [(ConfigError, unknown_key([str(key) for key in keys], [*holder.model_fields, *also]))]
    wanted = describe(*_place(model, first["loc"])[1])
    if kind == "missing":
        return [(ConfigError, f"the key '{where}' is missing: give {wanted}")]
    if kind == "too_short":
        context = first["ctx"]
        return [(ConfigError, f"{where}: give {context['min_length']} or more (given: {context['actual_length']})")]
    if kind == "flag" and not isinstance(first["input"], bool):
        wanted += ", and neither true nor false in it"
    near = suggest(first["input"], _words(_place(model, first["loc"])[1])) if isinstance(first["input"], str) else ""
    return [(ConfigError, f"{where}: give {wanted}{near} (given: {given(first['input'])})")]


def _place(model: type[BaseModel], location: Sequence[Any]) -> tuple[list[Any], _Limited]:
    """Return the keys of a location, without what pydantic puts between them, and the type that stands there."""
    keys: list[Any] = []
    here: _Limited = (model, ())
    for part in location:
        kind, _ = here
        arguments = [one for one in get_args(kind) if one is not type(None)]
        if _is_union(kind) and len(arguments) > 1:
            continue  # the name of a member
        if part == "[key]":
            continue
        keys.append(part)
        if _is_union(kind):
            kind = _limited(arguments[0])[0]
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            here = (Any, ()) if field is None else _limited(field.annotation, field.metadata)
        else:
            inner = [one for one in get_args(kind) if one is not Ellipsis]
            here = _limited(inner[-1]) if inner else (Any, ())
    return keys, here


def describe(kind: Any, limits: Sequence[Any] = ()) -> str:
    """Return in words what a key of this type takes."""
    kind, limits = _limited(kind, limits)
    origin, inner = get_origin(kind), [one for one in get_args(kind) if one not in (type(None), Ellipsis)]
    if _is_union(kind):
        return " or ".join(dict.fromkeys(describe(*_limited(one)) for one in inner))
    if kind in (int, float):
        text = f"a {'whole ' if kind is int else ''}number{_bounds(kind, limits)}"
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        text = f"a table of keys ({', '.join(kind.model_fields)})"
    elif origin is Literal:
        *most, last = [repr(word) for word in inner]
        text = f"{', '.join(most)} or {last}" if most else last
    elif isinstance(origin, type) and issubclass(origin, Mapping | Sequence):
        least = next((limit.min_length for limit in limits if isinstance(limit, MinLen)), 0)
        text = f"a {'table' if issubclass(origin, Mapping) else 'list'}{f' of {least} or more' if least else ''}"
        if _section(_limited(inner[-1])) is None and inner[-1] is not Any:
            text += f", each entry {describe(*_limited(inner[-1]))}"
    else:
        text = {bool: "true or false", str: "a text in quotation marks"}.get(kind, "something else")
    return text


def _bounds(kind: type, limits: Sequence[Any]) -> str:
    low = high = ""
    for limit in limits:
        if isinstance(limit, Gt | Ge):
            value: Any = getattr(limit, "ge", None)
            if value is None:
                value = limit.gt  # type: ignore[union-attr]
                low = f"{value + 1} or more" if kind is int else f"above {value}"
            else:
                low = f"{value} or more"
        elif isinstance(limit, Lt | Le):
            high = f"below {limit.lt}" if isinstance(limit, Lt) else f"{limit.le} or less"
    both = " and ".join(bound for bound in (low, high) if bound)
    return f" ({both})" if both else ""


def _limited(kind: Any, limits: Iterable[Any] = ()) -> _Limited:
    """Return a type without what is annotated to it, and all that limits it."""
    found = list(limits)
    while get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        for one in more:
            found += one.metadata if isinstance(one, FieldInfo) else [one]
    return kind, tuple(found)


def _is_union(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin in (Union, types.UnionType)


def _section(limited: _Limited) -> type[BaseModel] | None:
    """Return the section that a type is, or may be."""
    kind, _ = limited
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    inner = get_args(kind) if _is_union(kind) else ()
    return next((found for one in inner if (found := _section(_limited(one)))), None)


def _words(limited: _Limited) -> list[str]:
    """Return the words that a type allows."""
    kind, _ = limited
    origin: Any = get_origin(kind)
    if origin is Literal:
        return [str(word) for word in get_args(kind)]
    return [word for one in (get_args(kind) if _is_union(kind) else ()) for word in _words(_limited(one))]


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"

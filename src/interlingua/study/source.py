"""The text of a study: read as TOML, and kept within what a study can mean before anything looks at it."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interlingua.errors import ConfigError, reason
from interlingua.study.builtin import BUILTIN
from interlingua.study.problems import joined

#: Bytes of a study file: a hundred languages with all their keys take a tenth.
_MOST_BYTES = 1_000_000
#: Tables and lists within each other: a study has four levels.
_MOST_LEVELS = 12
#: What other programs can hold, too.
_MOST_WHOLE = 2**63


def read_toml(path: Path) -> dict[str, Any]:
    """Read a study file.

    Raises
    ------
    ConfigError
        If it is missing, or not TOML in UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such study file, and no built-in study of that name "
            f"({', '.join(BUILTIN)}); 'interlingua new' writes a starter"
        ) from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; give the study file in it, a text such as study.toml") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({reason(error)})") from None
    except ValueError as error:  # a character that no path may hold
        raise ConfigError(f"{str(path)!r}: can't be the path of a study file ({error})") from None
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path}: more than {_MOST_BYTES:,} bytes, so no study file; is it the right file?")
    if b"\0" in data:
        raise ConfigError(
            f"{path}: holds null bytes (the first is byte {data.index(0)}), so it is no text; is it the right file?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start}); save the study file as UTF-8") from None
    if not text.strip():
        raise ConfigError(f"{path}: the study file is empty; 'interlingua new' writes a starter")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: brackets stand within each other too deep; a study has four levels") from None
    except ValueError:  # what else Python refuses to read
        raise ConfigError(f"{path}: holds a number of thousands of digits") from None
    return found


def parse_override(text: str, option: str = "--set") -> tuple[str, Any]:
    """Split ``key=value`` of the command line; the value is TOML, or else taken as a string."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        example = {"--set": "probes.l1=0.01"}.get(option, "cores=8")
        raise ConfigError(f"{option} {text[:80]!r}: write it as key=value, for example {option} {example}")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return key.strip(), value


def check_tree(raw: Mapping[str, Any]) -> None:
    """Raise if keys and values hold what no study can mean: they come from a file, the command line or a program.

    Raises
    ------
    ConfigError
        With the first key that does.
    """
    for keys, value in _leaves(raw):
        for text in (*(key for key in keys if isinstance(key, str)), value):
            if isinstance(text, str) and (odd := _odd(text)):
                raise ConfigError(f"{_shown(keys)}: holds the character {odd}, which no name, path or option has")
        if isinstance(value, int) and abs(value) >= _MOST_WHOLE:
            raise ConfigError(
                f"{_shown(keys)}: a whole number of more than 18 digits is more than anything here can take"
            )
        if len(keys) > _MOST_LEVELS:
            raise ConfigError(
                f"{_shown(keys[:4])}: tables or lists stand within each other too deep; a study has four levels"
            )


def _leaves(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield every value that holds no others with its keys, without recursion and not much deeper than allowed."""
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), raw)]
    while waiting:
        keys, value = waiting.pop()
        inside: Any = ()
        if isinstance(value, Mapping):
            inside = [(key if isinstance(key, str) else str(key), inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            inside = enumerate(value)
        if len(keys) > _MOST_LEVELS or not inside or not value:
            yield keys, None if isinstance(value, Mapping | list | tuple) else value
            continue
        waiting += [((*keys, key), inner) for key, inner in reversed(list(inside))]


def _odd(text: str) -> str:
    """Return the first character that is a control character or half of one, as its number; "" if there is none."""
    for character in text:
        if character not in "\t\n\r" and unicodedata.category(character) in ("Cc", "Cs"):
            return f"U+{ord(character):04X}"
    return ""


def _shown(keys: tuple[Any, ...]) -> str:
    return joined(key if isinstance(key, int) else key.encode("unicode_escape").decode("ascii") for key in keys)


def from_folder(path: str, folder: Path | None) -> str:
    """Return a path of a study file, taken from its folder."""
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:  # ~somebody who is not known here
        expanded = Path(path)
    return str(expanded if folder is None else folder / expanded)


def is_there(path: str | Path, *, file: bool = False) -> bool:
    """Return whether there is such a file or folder; what is longer than any path is not."""
    try:
        return Path(path).is_file() if file else Path(path).exists()
    except OSError:
        return False

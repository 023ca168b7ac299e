"""What a file says that it holds, held against the contract."""

from collections.abc import Callable, Sequence

from orchestration.landing.contract import Entity


class FileError(Exception):
    """A file that can't be read at all, or lacks what must be there: its entity stops."""


def check_header(found: Sequence[str], entity: Entity, name: str) -> tuple[str, ...]:
    """A file's columns as the contract spells them: lower case, without spaces around.

    Raises FileError, naming the file and the column, where one stands twice or must be there.
    """
    names = tuple(column.strip().lower() for column in found)
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise FileError(f"{name}: the column {twice[0]!r} stands twice in the header")
    missing = [c.name for c in entity.columns if c.required and c.name not in names]
    if missing:
        raise FileError(f"{name}: the column {missing[0]!r} must be there and is not")
    return names


def pick(entity: Entity, names: Sequence[str], text: Callable[[int], str]) -> str:
    """The contract's columns in their order, by name, text or null."""
    return ", ".join(
        f"{text(names.index(column.name)) if column.name in names else 'cast(null as varchar)'} "
        f"as {column.name}"
        for column in entity.columns
    )


def quoted(text: str) -> str:
    """An SQL literal."""
    return "'" + text.replace("'", "''") + "'"

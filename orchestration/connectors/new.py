"""Lays out the folder of a new vendor's connector."""

import re
import shutil
from pathlib import Path

from orchestration.connectors.base import ConnectorError

_HERE = Path(__file__).parent
_TEMPLATE = "_template"


def lay_out(name: str, folder: Path = _HERE) -> Path:
    """A copy of the template in `folder`/`name`, with the name in it; the new folder.

    Raises ConnectorError where the name can't be one, or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ConnectorError(f"{name!r}: a connector's name is of a-z, 0-9 and _, such as hubspot")
    target = folder / name
    if target.exists() or (_HERE / f"{name}.py").exists():
        raise ConnectorError(f"{target} is there already")
    shutil.copytree(_HERE / _TEMPLATE, target, ignore=shutil.ignore_patterns("__pycache__"))
    spelled = {
        _TEMPLATE.upper(): name.upper(),
        _TEMPLATE: name,
        "api.template.example": f"api.{name}.example",
        "Template": name.replace("_", " ").capitalize(),
    }
    for path in (one for one in target.rglob("*") if one.is_file()):
        text = path.read_text(encoding="utf-8")
        for old, new in spelled.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    return target

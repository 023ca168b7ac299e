"""Writes the generated parts of docs/*.md from what the project already says of itself.

    python docs/build.py            writes them
    python docs/build.py --check    exits 1 where a page is not up to date

A page holds `<!-- generated: WHAT ... -->` and `<!-- /generated -->`; what stands between is
replaced.
"""

import ast
import csv
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).resolve().parent
PROJECT = DOCS.parent
MODELS = PROJECT / "dbt_project" / "models"
SEEDS = PROJECT / "seeds"
PART = re.compile(
    r"(?P<open><!-- generated: (?P<what>[^>]*?) -->\n).*?(?P<close><!-- /generated -->)", re.DOTALL
)

Yaml = dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or say which are stale."""
    stale = {path: text for path, text in build_pages().items() if path.read_text() != text}
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(PROJECT)} is not up to date: python docs/build.py")
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text)
        print(f"wrote {path.relative_to(PROJECT)}")
    return 0


def build_pages() -> dict[Path, str]:
    """Every page as it should be."""
    return {path: PART.sub(_fill, path.read_text()) for path in sorted(DOCS.glob("*.md"))}


def _fill(part: re.Match[str]) -> str:
    what, *names = part["what"].split()
    return f"{part['open']}\n{GENERATORS[what](names).strip()}\n\n{part['close']}"


def tell_tables(names: Sequence[str]) -> str:
    """The grain and columns of marts whose names fit the patterns."""
    models = load_models()
    chosen = [
        model for name in names for model in models.values() if re.fullmatch(name, model["name"])
    ]
    return "\n\n".join(_tell_table(model) for model in chosen)


def _tell_table(model: Yaml) -> str:
    grain = model["config"]["meta"]["grain"]
    rows = [
        (f"`{column['name']}`", column["data_type"], _line(column["description"]))
        for column in model["columns"]
    ]
    return (
        f"### `marts.{model['name']}`\n\n{_line(model['description'])} Grain: {grain}.\n\n"
        f"{_table(('column', 'type', 'meaning'), rows)}"
    )


def tell_measures(names: Sequence[str]) -> str:
    """What the scorecard shows of a KPI, and what others say of it."""
    (kpi,) = names
    measures = [
        (f"`{row['measure']}`", row["title_en"], f"`{row['formula']}`", row["explanation_en"])
        for row in _read_seed("kpi_definitions")
        if row["kpi"] == kpi and row["measure"]
    ]
    benchmarks = [
        (f"`{row['measure']}`", row["claim_en"], row["grade"], row["population"], row["source"])
        for row in _read_seed("kpi_benchmarks")
        if row["kpi"] == kpi
    ]
    told = _table(("measure", "on the scorecard", "how", "what it says"), measures)
    if benchmarks:
        titles = ("measure", "what is said elsewhere", "grade", "of whom", "source")
        told += f"\n\n{_table(titles, benchmarks)}"
    return told


def tell_contract(_: Sequence[str]) -> str:
    """The entities of the drop folder, from the sources that dbt reads."""
    paths = sorted((MODELS / "staging").glob("*/_*__sources.yml"))
    tables = [table for path in paths for table in _load(path)["sources"][0]["tables"]]
    entities = [table for table in tables if "entity" in table["config"]["meta"]]
    return "\n\n".join(_tell_entity(entity) for entity in entities)


def _tell_entity(entity: Yaml) -> str:
    meta = entity["config"]["meta"]
    rows = []
    for column in entity["columns"]:
        rules = column.get("config", {}).get("meta", {})
        name = f"`{column['name']}`" + (" *" if rules.get("required") else "")
        rows.append((name, _tell_type(column, rules), _line(column["description"])))
    told = f"### `{meta['entity']}`\n\n{_line(entity['description'])}\n\n"
    told += _table(("column", "type", "meaning"), rows)
    keys = [c["name"] for c in entity["columns"] if c.get("config", {}).get("meta", {}).get("key")]
    told += f"\n\nKey: {', '.join(f'`{key}`' for key in keys)}."
    if broken := meta.get("broken_if"):
        rules = ", ".join(f"`{rule}` ({_line(sql)})" for rule, sql in broken.items())
        told += f" Also refused: {rules}."
    return told


def _tell_type(column: Yaml, rules: Yaml) -> str:
    if values := rules.get("values"):
        return " / ".join(values)
    if rules.get("references"):
        return f"id ({rules['references']})"
    if rules.get("id"):
        return "id"
    kind = str(column["data_type"]).split("(")[0]
    return {"varchar": "text", "timestamp": "time", "decimal": "number"}.get(kind, kind)


def tell_settings(_: Sequence[str]) -> str:
    """The fields of Settings, their defaults and docstrings."""
    tree = ast.parse((PROJECT / "orchestration" / "settings.py").read_text())
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings")
    rows, comments = [], _read_comments()
    for field, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        name = f"TOUCHLINE_{field.target.id.upper()}"
        plain = field.target.id.replace("_", " ").capitalize() + "."
        meaning = _docstring(after) or comments.get(name) or plain
        rows.append((f"`{name}`", _tell_default(field.value), _line(meaning)))
    return _table(("variable", "default", "meaning"), rows)


def _read_comments() -> dict[str, str]:
    """What .env.example says right above a variable."""
    found, comment = {}, ""
    for line in (PROJECT / ".env.example").read_text().splitlines():
        if match := re.match(r"#(TOUCHLINE_\w+)=", line):
            found[match[1]] = comment
        text = "" if match else line.lstrip("# ")
        comment = f"{comment} {text}".strip() if text else ""
    return found


def _docstring(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return ""


def _tell_default(value: ast.expr | None) -> str:
    if isinstance(value, ast.Call):
        if getattr(value.func, "id", "") == "Path":
            return f"`{ast.literal_eval(value.args[0])}`"
        value = value.args[0] if value.args else None
    if not isinstance(value, ast.Constant):
        return "as the machine or the project has it"
    return "none" if value.value in (None, "") else f"`{value.value!s}`"


def tell_vars(_: Sequence[str]) -> str:
    """The dbt vars, each with the comment above it."""
    lines = (PROJECT / "dbt_project" / "dbt_project.yml").read_text().split("\nvars:\n")[1]
    rows, comment = [], ""
    for line in lines.splitlines():
        text = line.strip()
        if text.startswith("#"):
            comment = f"{comment} {text.lstrip('# ')}".strip()
        elif text:
            name, _, value = text.partition(": ")
            rows.append((f"`{name}`", f"`{value}`", comment))
            comment = ""
    return _table(("var", "default", "why"), rows)


def tell_metrics(_: Sequence[str]) -> str:
    """Every metric and what it equals."""
    rows = []
    for path in sorted(MODELS.glob("marts/core/*.yml")):
        content = _load(path)
        (model,) = content["models"]
        for metric in [*model.get("metrics", []), *content.get("metrics", [])]:
            equals = metric.get("config", {}).get("meta", {}).get("equals", [])
            places = ", ".join(f"`{place}`" for place in equals)
            rows.append((f"`{metric['name']}`", _line(metric["description"]), places))
    return _table(("metric", "meaning", "equals"), sorted(rows))


def tell_not_metrics(_: Sequence[str]) -> str:
    """What the semantic layer can't say."""
    entries = yaml.safe_load((DOCS / "not_metrics.yml").read_text())
    rows = [
        (", ".join(f"`{column}`" for column in entry["columns"]), _line(entry["why"]))
        for entry in entries
    ]
    return _table(("columns", "why"), rows)


GENERATORS: dict[str, Callable[[Sequence[str]], str]] = {
    "tables": tell_tables,
    "measures": tell_measures,
    "contract": tell_contract,
    "settings": tell_settings,
    "vars": tell_vars,
    "metrics": tell_metrics,
    "not_metrics": tell_not_metrics,
}


@cache
def load_models() -> dict[str, Yaml]:
    """The marts by name."""
    paths = sorted(MODELS.glob("marts/**/*.yml"))
    found = [model for path in paths for model in _load(path).get("models", [])]
    return {model["name"]: model for model in found}


def _load(path: Path) -> Yaml:
    return dict(yaml.safe_load(path.read_text()))


def _read_seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|") if text != "---" else text


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

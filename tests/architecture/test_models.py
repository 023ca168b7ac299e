"""ARCHITECTURE.md, rules 1, 2, 3 and 6: names, arrows, descriptions, nothing by the way."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.architecture.tree import MODELS, ROOT, SEEDS, Model, models, shown, tracked
from tests.kpis.warehouse import build, fetch, open_warehouse
from tests.landing.nights import REQUIRED

PREFIXES = {
    "staging": r"stg_(crm|telephony|reference)__\w+",
    "intermediate": r"int_\w+",
    "core": r"(fct|dim)_\w+",
    "sums": r"(sum|was)_\w+",
    "kpi": r"kpi_\w+",
    "scorecard": r"kpi_scorecard\w*",
}
# Arrows of ARCHITECTURE.md; a dimension may be made of a dimension, and the scorecard in steps.
READS = {
    "staging": {"seeds"},
    "intermediate": {"staging", "intermediate"},
    "core": {"staging", "intermediate", "dim"},
    "sums": {"core", "dim", "sums"},
    "kpi": {"core", "dim", "sums", "seeds"},
    "scorecard": {"kpi", "scorecard", "dim", "seeds"},
}
PROJECT = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text())
EVERY = pytest.mark.parametrize("model", models(), ids=lambda model: model.name)


def _layer_of(name: str) -> str:
    if (SEEDS / f"{name}.csv").exists():
        return "seeds"
    (model,) = [model for model in models() if model.name == name]
    return "dim" if name.startswith("dim_") else model.layer


@EVERY
def test_the_name_says_the_layer(model: Model) -> None:
    assert re.fullmatch(PREFIXES[model.layer], model.name)
    if model.layer == "staging":
        assert model.path.parent.name == model.name.removeprefix("stg_").split("__")[0]


def test_the_schema_is_the_layer() -> None:
    told = PROJECT["models"]["touchline"]
    assert {layer: config["+schema"] for layer, config in told.items()} == {
        layer: layer for layer in ("staging", "intermediate", "marts", "sums")
    }
    assert {path.name for path in MODELS.iterdir()} == set(told)


def test_no_two_models_have_one_name() -> None:
    found = [model.name for model in models()]
    assert len(set(found)) == len(found)


@EVERY
def test_data_flow_one_way(model: Model) -> None:
    wrong = {ref for ref in model.refs if _layer_of(ref) not in READS[model.layer]}
    assert not wrong, f"{model.name} ({model.layer}) reads {sorted(wrong)}"
    assert model.sources <= ({"raw"} if model.layer == "staging" else set())


@EVERY
def test_nothing_is_named_but_by_ref(model: Model) -> None:
    """A schema in the SQL would be an arrow that nobody sees."""
    found = re.findall(r"\b(?:from|join)\s+(\w+\.\w+)", model.sql)
    assert not found


@EVERY
def test_it_is_described(model: Model) -> None:
    told = model.described
    assert told.get("description", "").strip(), "what it is"
    assert told["config"]["meta"]["grain"].startswith("one row a"), "its grain"
    undescribed = [
        column["name"] for column in told["columns"] if not column.get("description", "").strip()
    ]
    assert not undescribed


@EVERY
def test_marts_are_contracts(model: Model) -> None:
    if not model.path.is_relative_to(MODELS / "marts"):
        return
    assert PROJECT["models"]["touchline"]["marts"]["+contract"] == {"enforced": True}
    config = model.described.get("config", {})
    if config.get("materialized") != "ephemeral":
        assert config.get("contract", {"enforced": True}) == {"enforced": True}
        untyped = [c["name"] for c in model.described["columns"] if not c.get("data_type")]
        assert not untyped


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    """Model -> its columns, in a company of one row of each."""
    folder = tmp_path_factory.mktemp("company")
    for entity, row in REQUIRED.items():
        path = folder / f"{entity}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    with open_warehouse() as connection:
        build(connection, folder)
        found: dict[str, list[str]] = {}
        for row in fetch(
            connection,
            "select table_name, column_name from information_schema.columns "
            "where table_schema in ('staging', 'intermediate', 'marts', 'sums') "
            "order by ordinal_position",
        ):
            found.setdefault(row["table_name"], []).append(row["column_name"])
        yield found


@EVERY
def test_its_columns_are_those_that_are_described(
    model: Model, columns: dict[str, list[str]]
) -> None:
    if model.name in columns:
        described = [column["name"] for column in model.described["columns"]]
        assert set(described) == set(columns[model.name])
        assert len(set(described)) == len(described)


CLOCK_OR_CHANCE = re.compile(
    r"\b(now|today|random|uuid|gen_random_uuid|setseed|current_localtime\w*|get_current_\w+)\s*\("
    r"|\b(current_date|current_timestamp|current_time|localtimestamp|tablesample)\b|\busing sample\b"
)
# Units of time, shares that have a name (a half is the median, a tenth is left at the 90th), ranks.
PLAIN_NUMBERS = {"0", "0.0", "1", "1.0", "2", "0.5", "0.1", "60", "3600", "86400"}
COMPARED = re.compile(r"(?:<=|>=|<>|!=|<|>|=)\s*(\d+(?:\.\d+)?)\b(?!\s*\*)")


@EVERY
def test_no_clock_no_chance_no_threshold(model: Model) -> None:
    """A figure in a comparison is a var's or a seed's, unless it is a unit.

    `wins_at_contact_3` is called so, and counts where that number is 3 (its evidence says '= 3').
    """
    sql = re.sub(r"(contacts_to_win\s*|')>?=\s*\d", "", model.sql.lower())
    assert not CLOCK_OR_CHANCE.search(sql)
    assert not set(COMPARED.findall(sql)) - PLAIN_NUMBERS


def test_macros_have_neither_clock_nor_chance() -> None:
    for path in (ROOT / "dbt_project" / "macros").glob("*.sql"):
        assert not CLOCK_OR_CHANCE.search(Model(path).sql.lower()), shown(path)


def test_every_var_is_declared_used_and_told_of() -> None:
    """Told of: a comment above it, or above the ones beside it that it belongs to."""
    lines = (
        (ROOT / "dbt_project" / "dbt_project.yml").read_text().split("\nvars:\n")[1].splitlines()
    )
    declared = set(PROJECT["vars"])
    used = {
        name
        for path in tracked(".sql", ".yml")
        if path.is_relative_to(ROOT / "dbt_project")
        for name in re.findall(r"\bvar\(\s*['\"](\w+)['\"]", path.read_text())
    }
    assert used - declared == set(), "not declared"
    assert declared - used == set(), "never used"
    told = False
    for line in lines:
        told = line.lstrip().startswith("#") or (told and bool(line.strip()))
        assert told, f"nothing says what this is: {line}"


def test_no_system_is_named_right_of_raw() -> None:
    """Vendors exist only left of raw: a model or suite that asks for one is a business rule of it."""
    known = [
        path.name for path in (ROOT / "orchestration" / "connectors").iterdir() if path.is_dir()
    ]
    systems = sorted({*known, "hubspot", "asterisk", "bitrix24", "amocrm"} - {"__pycache__"})
    pattern = re.compile(rf"['\"]({'|'.join(systems)})(?:['\"]|:)")
    found = [
        shown(path)
        for path in tracked(".sql", ".py")
        if path.is_relative_to(ROOT / "dbt_project") or path.is_relative_to(ROOT / "data_quality")
        if pattern.search(path.read_text())
    ]
    assert not found


def test_suites_stand_where_their_table_does() -> None:
    """Path = schema/table."""
    known = {
        *(
            f"{'marts' if m.layer in ('core', 'kpi', 'scorecard') else m.layer}/{m.name}"
            for m in models()
        ),
        *(f"seeds/{path.stem}" for path in SEEDS.glob("*.csv")),
    }
    for path in (ROOT / "data_quality" / "suites").glob("*/*.py"):
        table = f"{path.parent.name}/{path.stem}"
        if path.stem not in ("__init__", "_default") and path.parent.name not in (
            "raw",
            "published",
        ):
            assert table in known, f"{table}: no such table"


def _described(path: Path) -> list[str]:
    return [model["name"] for model in yaml.safe_load(path.read_text()).get("models", [])]


def test_every_description_has_its_model() -> None:
    for path in MODELS.rglob("*.yml"):
        if not path.name.startswith("_"):
            assert _described(path) == [path.stem], shown(path)

"""What a layer spares dbt: unchanged seeds, and the running of tests that it has compiled before."""

import re
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.affected import basis, scope
from orchestration.assets import dbt_in_process
from orchestration.assets.layer_build import build_nodes
from orchestration.assets.layer_specs import layer_specs
from orchestration.assets.manifest import load_manifest, nodes_of
from orchestration.assets.release import current_release
from orchestration.nightly import log_file
from orchestration.settings import Settings
from orchestration.warehouse import open_build, read_run

from .conftest import LEADS, FakeChecks
from .test_nightly import drop, in_build, run

Commands = list[str]
_MARTS = "select table_name from duckdb_tables() where schema_name = 'marts' order by table_name"


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The dbt commands of a run, as they come."""
    given: Commands = []
    invoke = dbt_in_process._invoke

    def noted(settings: Settings, arguments: list[str], *more: Any) -> Any:
        given.append(arguments[0])
        return invoke(settings, arguments, *more)

    monkeypatch.setattr(dbt_in_process, "_invoke", noted)
    return given


def test_what_has_not_changed_is_neither_loaded_nor_compiled(
    yesterday: Settings, checks: FakeChecks, commands: Commands
) -> None:
    record, _ = run(yesterday)
    assert record.outcome == "ok"
    assert [command for command in commands if command != "parse"] == ["run", "run", "run"]


def test_what_is_made_anew_gives_up_its_room_before(
    yesterday: Settings, checks: FakeChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[list[Any]] = []
    invoke = dbt_in_process._invoke

    def noted(settings: Settings, arguments: list[str], *more: Any) -> Any:
        if arguments[0] == "run":
            found.append(in_build(settings, _MARTS))
        return invoke(settings, arguments, *more)

    monkeypatch.setattr(dbt_in_process, "_invoke", noted)
    manifest = load_manifest(yesterday)
    nodes = {str(node["unique_id"]): node for node in nodes_of(manifest, "marts")}
    with open_build(yesterday) as connection:
        night = read_run(connection)
    built = in_build(yesterday, _MARTS)
    results = list(build_nodes(yesterday, manifest, night, "marts", nodes, whole=True))
    assert {result.status for result in results} == {"success", "pass"}
    assert found == [[]]
    assert in_build(yesterday, _MARTS) == built == [("fct_leads",), ("kpi_leads",)]


def test_a_seed_that_changed_or_was_changed_is_loaded(
    own_project: Settings, checks: FakeChecks, commands: Commands
) -> None:
    seed = own_project.dbt_project_dir / "seeds" / "kpi_definitions.csv"
    seed.write_text("kpi,title_en\nleads,Who asked\n")
    wanted = [("leads", "Who asked")]
    assert run(own_project)[0].outcome == "ok"
    assert in_build(own_project, "from seeds.kpi_definitions") == wanted
    with duckdb.connect(str(own_project.build_file)) as connection:
        connection.execute("update seeds.kpi_definitions set title_en = 'By hand'")
    commands.clear()
    assert run(own_project)[0].outcome == "ok"
    assert in_build(own_project, "from seeds.kpi_definitions") == wanted
    assert commands.count("seed") == 1
    assert "compile" not in commands


def test_tests_are_compiled_once_and_see_tonights_moment(
    own_project: Settings, checks: FakeChecks, commands: Commands
) -> None:
    test = own_project.dbt_project_dir / "tests" / "assert_as_of.sql"
    moment = "cast('{{ var(\"as_of\") }}' as timestamp)"
    test.write_text(f"select * from {{{{ ref('fct_leads') }}}} where as_of <> {moment}")
    assert run(own_project)[0].outcome == "ok"
    assert commands.count("compile") == 1
    later = own_project.model_copy(update={"as_of": "2026-02-01 00:00:00"})
    assert run(later)[0].outcome == "ok"
    assert in_build(later, "select distinct as_of::text from marts.fct_leads") == [
        ("2026-02-01 00:00:00",)
    ]
    assert commands.count("compile") == 1


@pytest.mark.parametrize(
    ("sql", "outcome", "problem"),
    [
        ("{{ config(severity='warn') }} select 1", "ok", ""),
        ("{{ config(error_if='>2') }} select unnest([1, 2]) as x", "ok", ""),
        ("{{ config(error_if='>2') }} select unnest([1, 2, 3]) as x", "bad data", "3 rows break"),
        ("{{ config(limit=1, error_if='>1') }} select unnest([1, 2]) as x", "ok", ""),
        ("{{ config(fail_calc='sum(x)') }} select unnest([2, 5]) as x", "bad data", "7 rows break"),
        ("select nothing", "broke", "Binder Error"),
        (
            "{{ config(fail_calc='sum(x::int)') }} select 'ann@example.com' as x",
            "broke",
            "Conversion",
        ),
    ],
)
def test_a_test_is_judged_as_dbt_judges_it(
    sql: str, outcome: str, problem: str, own_project: Settings, checks: FakeChecks
) -> None:
    looks_at = " from {{ ref('kpi_leads') }}"
    (own_project.dbt_project_dir / "tests" / "assert_more.sql").write_text(sql + looks_at)
    record, _ = run(own_project)
    assert record.outcome == outcome
    log = log_file(own_project, record.run_id).read_text()
    assert ("rows break assert_more, which stops nothing" in log) == (outcome == "ok")
    assert [problem in told for told in record.problems] == ([True] if problem else [])
    assert not any("ann@" in told for told in (log, *record.problems))


@pytest.fixture
def growing(own_project: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With a table that each night adds a row to: `marts.fct_nights`."""
    # Of columns that this project has not.
    monkeypatch.setattr(basis, "ageing_nodes", lambda *_: "select null where false")
    monkeypatch.setattr(scope, "rep_nodes", lambda *_: "select null where false")
    monkeypatch.setattr(scope, "moves_a_team", lambda *_: False)
    (own_project.dbt_project_dir / "seeds" / "phone_placeholders.csv").write_text("e164\nnobody\n")
    models = own_project.dbt_project_dir / "models" / "marts"
    (models / "fct_nights.sql").write_text(
        "{{ config(materialized='incremental', incremental_strategy='append') }} "
        "select '{{ var(\"scope\", \"all\") }}' as scope, count(*) as leads from {{ ref('fct_leads') }}"
    )
    return own_project


def test_a_night_that_brought_nothing_leaves_what_stands(
    growing: Settings, checks: FakeChecks
) -> None:
    first, _ = run(growing)
    checks.looked_at.clear()
    second, shown = run(growing)
    assert (first.outcome, second.outcome) == ("ok", "ok")
    assert {name.split("/")[0] for name in checks.looked_at} == {"raw"}
    assert second.checks == first.checks
    assert second.release == first.release == current_release(growing)
    assert second.computed == f"nothing: nothing has changed since run {first.run_id}"
    assert re.search(r"marts done in \S+ s: as it was", shown)
    assert in_build(growing, "select scope, leads from marts.fct_nights") == [("all", 2)]


@pytest.mark.parametrize("what", ["a failed check", "no release", "another program"])
def test_what_does_not_stand_is_done_again(
    what: str, growing: Settings, checks: FakeChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.failing = {"marts/fct_leads"} if what == "a failed check" else set()
    run(growing)
    checks.failing = set()
    checks.looked_at.clear()
    if what == "no release":
        (growing.home / "current").unlink()
    if what == "another program":
        monkeypatch.setattr(basis, "_PACKAGES", ("tests",))
    record, _ = run(growing)
    assert record.outcome == "ok"
    assert record.release
    looked_at = {name.split("/")[0] for name in checks.looked_at}
    assert "published" in looked_at
    assert ("marts" in looked_at) == (what != "no release")


def test_marts_that_were_left_half_built_are_built_anew(
    growing: Settings, checks: FakeChecks
) -> None:
    """What a night adds to what is there must not be added twice."""
    models = growing.dbt_project_dir / "models" / "marts"
    (models / "kpi_nights.sql").write_text(
        "select case when max(leads) = 12 then error('twelve') end as x from {{ ref('fct_nights') }}"
    )
    outcomes = []
    nights = []
    for leads in (10, 11, 12, 13, 14):
        rows = [
            f"{number},Eve {number},new,2026-01-07T09:00:00Z\n" for number in range(3, leads + 1)
        ]
        drop(growing, LEADS + "".join(rows))
        outcomes.append(run(growing)[0].outcome)
        nights.append(in_build(growing, "select scope, leads from marts.fct_nights"))
    assert outcomes == ["ok", "ok", "broke", "ok", "ok"]
    assert nights[1] == [("all", 10), ("affected", 11)]
    assert nights[2] == [("all", 10), ("affected", 11), ("affected", 12)]
    assert nights[3] == [("all", 13)]
    assert nights[4] == [("all", 13), ("affected", 14)]


def test_an_ephemeral_model_is_the_tables_that_it_reads(own_project: Settings) -> None:
    models = own_project.dbt_project_dir / "models" / "marts"
    (models / "kpi_between.sql").write_text(
        "{{ config(materialized='ephemeral') }} select * from {{ ref('fct_leads') }}"
    )
    (models / "kpi_leads.sql").write_text(
        "select count(*) as leads from {{ ref('kpi_between') }}, {{ source('raw', 'crm_leads') }}"
    )
    specs = {spec.key: spec for spec in layer_specs(load_manifest(own_project), "marts")}
    assert set(specs) == {dg.AssetKey(["marts", "fct_leads"]), dg.AssetKey(["marts", "kpi_leads"])}
    spec = specs[dg.AssetKey(["marts", "kpi_leads"])]
    assert {dep.asset_key.to_user_string() for dep in spec.deps} == {
        "marts/fct_leads",
        "raw/crm_leads",
    }
    assert spec.description == "How many leads."


def test_models_inside_models_are_there_on_every_night_of_a_process(
    own_project: Settings, checks: FakeChecks
) -> None:
    models = own_project.dbt_project_dir / "models" / "marts"
    (models / "kpi_between.sql").write_text(
        "{{ config(materialized='ephemeral') }} select * from {{ ref('fct_leads') }}"
    )
    (models / "kpi_leads.sql").write_text("select count(*) as leads from {{ ref('kpi_between') }}")
    assert [run(own_project)[0].outcome for _ in range(2)] == ["ok", "ok"]

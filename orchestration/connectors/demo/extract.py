"""One night: which units to make, what of them arrives, and the files that it goes into."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.connectors.base import Context, Delivery
from orchestration.connectors.demo import truth
from orchestration.connectors.demo.activities import activity_table, collateral_event_table
from orchestration.connectors.demo.calls import call_table
from orchestration.connectors.demo.company import EPOCH, SPAN_DAYS, Company, parse_company
from orchestration.connectors.demo.company_rows import collateral_table, quota_table, rep_table
from orchestration.connectors.demo.deal_rows import (
    deal_owner_table,
    deal_stage_table,
    deal_table,
)
from orchestration.connectors.demo.dirt import soiled
from orchestration.connectors.demo.lead_rows import (
    account_table,
    contact_table,
    lead_owner_table,
    lead_stage_table,
    lead_table,
)
from orchestration.connectors.demo.unit import Unit, Window, build_unit

_BEFORE_ALL = -(1 << 40)
_OF_COMPANY: Mapping[str, Callable[[Company, Window], pa.Table]] = {
    "crm/reps": rep_table,
    "crm/collateral": collateral_table,
    "crm/quotas": quota_table,
}
_OF_UNIT: tuple[tuple[str, Callable[[Unit, Window], pa.Table]], ...] = (
    ("crm/accounts", account_table),
    ("crm/contacts", contact_table),
    ("crm/leads", lead_table),
    ("crm/deals", deal_table),
    ("crm/stage_changes", lead_stage_table),
    ("crm/stage_changes", deal_stage_table),
    ("crm/owner_changes", lead_owner_table),
    ("crm/owner_changes", deal_owner_table),
    ("crm/activities", activity_table),
    ("crm/collateral_events", collateral_event_table),
    ("telephony/calls", call_table),
)
_TRUTH: Mapping[str, Callable[[Unit, Window], pa.Table]] = {
    "pairs": truth.pair_table,
    "touch_leads": truth.touch_lead_table,
    "lead_paths": truth.lead_path_table,
}


def extract(context: Context) -> Delivery:
    """The first night brings the history, every later one the next day."""
    company = parse_company(context.settings)
    window = _window(company, context)
    day = (EPOCH + timedelta(days=window.upto)).isoformat()
    drop, truths = context.workdir / "drop" / day, context.workdir / "truth" / day
    for folder in (drop, truths):
        # A night that is done again leaves nothing of the first try.
        shutil.rmtree(folder, ignore_errors=True)
    files: dict[str, list[Path]] = defaultdict(list)
    counts: Counter[tuple[str, str]] = Counter()

    def deliver(entity: str, part: int, tables: list[pa.Table]) -> None:
        table, bad = soiled(entity, pa.concat_tables(tables))
        counts.update({(entity, rule): count for rule, count in bad.items()})
        if table.num_rows:
            files[entity].append(_write(table, drop / f"{entity}-{part:05d}.parquet"))

    for entity, company_rows in _OF_COMPANY.items():
        deliver(entity, 0, [company_rows(company, window)])
    first = window.upto - SPAN_DAYS if window.after > _BEFORE_ALL else company.first_day
    for index in company.units(max(first, company.first_day), window.upto):
        unit = build_unit(company, index)
        tables: dict[str, list[pa.Table]] = defaultdict(list)
        for entity, unit_rows in _OF_UNIT:
            tables[entity].append(unit_rows(unit, window))
        for entity, of_entity in tables.items():
            deliver(entity, index, of_entity)
        for name, true_rows in _TRUTH.items():
            _write(true_rows(unit, window), truths / f"{name}-{index:05d}.parquet")
    _write(truth.rep_truth_table(company), truths / "reps.parquet")
    _write(truth.bad_row_table(dict(counts)), truths / "bad_rows.parquet")
    return Delivery(files=dict(files), state={"day": day}, root=context.workdir / "drop")


def _window(company: Company, context: Context) -> Window:
    """The days to deliver: all up to the first night's, the next one, or all over again."""
    last = context.state.get("day")
    if context.full_refresh:
        # The state may have been taken away; a made-up company must not fall back in time.
        seen = sorted(path.name for path in (context.workdir / "drop").glob("????-??-??"))
        last = last or (seen[-1] if seen else None)
        return Window(_BEFORE_ALL, _day(last) if last else company.start_day)
    if last is None:
        return Window(_BEFORE_ALL, company.start_day)
    return Window(_day(last), _day(last) + 1)


def _day(spelled: str) -> int:
    return (date.fromisoformat(spelled) - EPOCH).days


def _write(table: pa.Table, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    words = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    # Few words lie as a dictionary in memory and in the file; to a reader all columns are strings.
    pq.write_table(table, path, use_dictionary=words, write_statistics=False, store_schema=False)
    return path

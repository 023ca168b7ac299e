"""KPIS.md 3.5: `kpi_closed_deals`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.reference.statistics import mean, median, share_columns

if TYPE_CHECKING:
    from tests.reference.deals import DealFact
    from tests.reference.facts import Facts
    from tests.reference.periods import Frame, Row


def kpi_closed_deals(facts: Facts, frame: Frame) -> list[Row]:
    cells = frame.by_cell(
        (deal for deal in facts.counted_deals if not deal.is_open),
        when=lambda deal: deal.closed_at,
        rep=lambda deal: deal.closing_rep_id,
        source=lambda deal: deal.lead_source,
    )
    return [
        frame.head(cell) | closed_measures(deals)
        for cell, deals in sorted(cells.items(), key=lambda item: item[0])
    ]


def closed_measures(deals: list[DealFact]) -> Row:
    """Money and cycle are those of the contracts; an amount that is not known is left out."""
    won = [deal for deal in deals if deal.is_won]
    lost = sum(deal.is_lost for deal in deals)
    exact = [deal.reporting_amount for deal in won if deal.reporting_amount is not None]
    amounts = [float(amount) for amount in exact]
    cycles = [deal.cycle_days for deal in won if deal.cycle_days is not None]
    return {
        "won": len(won),
        "lost": lost,
        **share_columns("close_rate", len(won), len(won) + lost),
        "won_amount": float(sum(exact)) if exact or not won else None,
        "average_deal": mean(amounts),
        "median_deal": median(amounts),
        "median_cycle_days": median(cycles),
    }

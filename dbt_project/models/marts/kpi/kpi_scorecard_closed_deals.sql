{% set with_amount = deal_evidence('is_won and reporting_amount is not null') %}

with closed as (
    select
        *,
        won + lost as closed,
        won - won_without_amount as won_with_amount,
        case
            when won_without_amount > {{ var('scorecard_max_missing_share') }} * won
                then 'amounts missing'
        end as caveat
    from {{ ref('kpi_closed_deals') }}
),

worded as (
    {{ with_evidence('closed', [
        'close_rate', 'won', 'lost', 'won_amount', 'average_deal', 'median_deal',
        'median_cycle_days', 'won_without_amount',
    ]) }}
),

measures as (
    {{ scorecard_measure(
        'worded', 'closed_deals', 'close_rate', 'close_rate',
        'closed', deal_evidence('(is_won or is_lost)'), 'won', deal_evidence('is_won'),
        low='close_rate_low', high='close_rate_high'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'closed_deals', 'won', 'won', 'won', deal_evidence('is_won')
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'closed_deals', 'lost', 'lost', 'lost', deal_evidence('is_lost')
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'closed_deals', 'won_amount', 'won_amount',
        'won_with_amount', with_amount, 'won_amount', with_amount,
        summed='reporting_amount', caveat='caveat'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'closed_deals', 'average_deal', 'average_deal',
        'won_with_amount', with_amount, 'won_amount', with_amount,
        summed='reporting_amount', caveat='caveat'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'closed_deals', 'median_deal', 'median_deal',
        'won_with_amount', with_amount, caveat='caveat'
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'closed_deals', 'median_cycle_days', 'median_cycle_days',
        'won', deal_evidence('is_won')
    ) }}
    union all
    {{ scorecard_measure(
        'worded', 'closed_deals', 'won_without_amount', 'won_without_amount',
        'won_without_amount', deal_evidence('is_won and reporting_amount is null')
    ) }}
)

select * from measures

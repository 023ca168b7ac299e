with given_up as (
    {{ rows_to_give_up('fct_collateral_events', [
        'event', 'occurred_at', 'rep_id', 'lead_id', 'is_excluded',
    ]) }}
)

select * from given_up

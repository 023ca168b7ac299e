with given_up as (
    {{ rows_to_give_up('fct_touches', [
        'started_at', 'rep_id', 'lead_id', 'lead_source', 'channel', 'direction', 'is_completed',
        'is_answered', 'is_automated', 'is_excluded', 'is_new_customer', 'talk_seconds',
    ]) }}
)

select * from given_up

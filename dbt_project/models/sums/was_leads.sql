with given_up as (
    {{ rows_to_give_up('fct_leads', [
        'lead_id', 'lead_source', 'first_owner_rep_id', 'created_at', 'is_excluded',
    ]) }}
)

select * from given_up

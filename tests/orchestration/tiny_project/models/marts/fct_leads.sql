select
    lead_id,
    customer_name,
    created_at,
    cast(1 as hugeint) as touches,
    cast('{{ var("as_of") }}' as timestamp) as as_of
from {{ ref('int_leads') }}

select
    lead_id,
    {% if var('publish_personal_data') %}customer_name{% else %}null::varchar{% endif %} as customer_name,
    created_at,
    cast(1 as bigint) as touches,
    cast('{{ var("as_of") }}' as timestamp) as as_of
from {{ ref('int_leads') }}

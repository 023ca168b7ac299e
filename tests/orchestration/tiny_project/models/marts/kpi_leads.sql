select count(*) as leads from {{ ref('fct_leads') }}

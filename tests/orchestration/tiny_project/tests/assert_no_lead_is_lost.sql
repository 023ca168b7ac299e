-- Looks at two layers: runs with the higher one.
select 1
where (select count(*) from {{ ref('stg_leads') }}) != (select count(*) from {{ ref('fct_leads') }})

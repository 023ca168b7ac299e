select lead_id, contact_id as customer_name, created_at from {{ ref('stg_leads') }}

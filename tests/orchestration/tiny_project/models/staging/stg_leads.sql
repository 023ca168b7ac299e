select lead_id, contact_id, created_at from {{ source('raw', 'crm_leads') }}

"""Great Expectations at every stage: are the data right? Whether the SQL is, dbt's tests say."""

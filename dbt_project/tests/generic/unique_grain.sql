{# One row for each combination of `columns`: the grain that the model's YAML claims. #}
{% test unique_grain(model, columns) %}

select
    {{ columns | join(",\n    ") }},
    count(*) as rows_found
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}

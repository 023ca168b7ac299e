{# `expression` is true, or unknown, in every row. #}
{% test identity_holds(model, expression) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}

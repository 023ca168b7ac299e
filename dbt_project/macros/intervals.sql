{# Wilson score interval of a share (E. B. Wilson, JASA 22, 1927); null where there is no trial. #}
{% macro wilson(successes, trials, sign) -%}
    case when {{ trials }} > 0 then
        greatest(0.0, least(1.0,
            (
                {{ successes }} / cast({{ trials }} as double)
                + {{ var('z_95') }} * {{ var('z_95') }} / (2 * {{ trials }})
                {{ sign }} {{ var('z_95') }} * sqrt(
                    (
                        {{ successes }} / cast({{ trials }} as double)
                        * (1 - {{ successes }} / cast({{ trials }} as double))
                        + {{ var('z_95') }} * {{ var('z_95') }} / (4 * {{ trials }})
                    ) / {{ trials }}
                )
            ) / (1 + {{ var('z_95') }} * {{ var('z_95') }} / {{ trials }})
        ))
    end
{%- endmacro %}

{% macro wilson_low(successes, trials) -%}
    case when {{ successes }} = 0 and {{ trials }} > 0 then 0.0
    else {{ wilson(successes, trials, '-') }} end
{%- endmacro %}

{% macro wilson_high(successes, trials) -%}
    case when {{ successes }} = {{ trials }} and {{ trials }} > 0 then 1.0
    else {{ wilson(successes, trials, '+') }} end
{%- endmacro %}

{# Null where the denominator is 0. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# The limits of a ratio of two shares by the log method (Katz et al., Biometrics 34, 1978). #}
{% macro rate_ratio_limit(converted, trials, other_converted, other_trials, sign) -%}
    case when {{ converted }} > 0 and {{ other_converted }} > 0 then
        exp(
            ln(
                ({{ converted }} / cast({{ trials }} as double))
                / ({{ other_converted }} / cast({{ other_trials }} as double))
            )
            {{ sign }} {{ var('z_95') }} * sqrt(
                1.0 / {{ converted }} - 1.0 / {{ trials }}
                + 1.0 / {{ other_converted }} - 1.0 / {{ other_trials }}
            )
        )
    end
{%- endmacro %}

-- Longer than most: a step of one long script, and no model.
-- One long table: a figure a row, with what it stands on. Each mart is read once, and its figures
-- become rows by a list of them; the words of the evidence come from a small table.
-- DuckDB only: lists of structs are what makes it short.

-- In evidence.csv `@` is the moment of the marts, `#` outreach in a period, `%` outreach to a cohort;
-- `tail` closes what `filter` opened.
create table work.words as
with said as (
    select
        words.*,
        replace(replace(replace(words.filter,
            '#', 'not is_excluded and lead_id is not null and direction = ''outbound'''
            || ' and not is_automated and is_new_customer and channel '),
            '%', 'not is_excluded and direction = ''outbound'' and not is_automated'
            || ' and is_new_customer and channel '),
            '@', strftime(moment_of(as_of.moment), '%Y-%m-%d %H:%M:%S')) as said
    from work.seed_evidence as words
    cross join work.as_of as as_of
)

select
    kpi,
    measure,
    said || ' and cast(timezone(''UTC'', timezone(''UTC'', ' || moment || ')) as date)' as head,
    ' and coalesce(' || rep || ', ''unknown'')' as of_rep,
    coalesce(tail, '') as tail
from said;

create table work.touches_found as
with counted as (
    select
        {scope columns},
        {sums of touches_all touches}
    from work.touch_counts as counts
    inner join work.pieces as pieces on counts.piece = pieces.piece
    {by period and scope}
)

select
    {scope label},
    counted.touches_all,
    counted.touches
from counted
inner join work.periods as periods on counted.period = periods.period
inner join work.scopes as scopes on counted.cell = scopes.cell
where counted.cell < 300000;

create table work.cells as
with places as (
    select period_grain, period_start, scope, scope_value, scope_label from marts.kpi_contact_ratio
    union
    select period_grain, period_start, scope, scope_value, scope_label
    from marts.kpi_contact_ratio_cohort
    union
    select period_grain, period_start, scope, scope_value, scope_label from marts.kpi_speed_to_lead
    union
    select period_grain, period_start, scope, scope_value, scope_label
    from marts.kpi_collateral_usage
    union
    select period_grain, period_start, scope, scope_value, scope_label from marts.kpi_closed_deals
    union
    select period_grain, period_start, scope, scope_value, scope_label from work.touches_found
),

ended as (
    select
        *,
        cast(period_start + case period_grain when 'week' then interval 7 day
            when 'month' then interval 1 month else interval 3 month end as date) as period_end
    from places
)

select
    *,
    ' between date ''' || period_start || ''' and date ''' || (period_end - 1) || '''' as in_period,
    case
        when scope = 'rep' then ' = ''' || replace(scope_value, '''', '''''') || ''''
        when scope = 'team' and scope_value = 'unknown'
            then ' not in (select rep_id from marts.dim_reps where team <> ''unknown'')'
        when scope = 'team'
            then ' in (select rep_id from marts.dim_reps where team = '''
                || replace(scope_value, '''', '''''') || ''')'
    end as by_rep,
    case when scope = 'lead_source'
        then ' = ''' || replace(scope_value, '''', '''''') || '''' end as by_source
from ended;

create temp macro figure(measure, value, numerator, denominator, low, high, caveat) as {
    'measure': measure, 'value': cast(value as double), 'numerator': cast(numerator as double),
    'denominator': cast(denominator as double), 'low': cast(low as double),
    'high': cast(high as double), 'caveat': caveat
};
-- Byar's limits of a count of independent events.
create temp macro count_low(events) as case when events = 0 then 0.0
    else events * power(1 - 1.0 / (9 * events) - 1.959963984540054 / (3 * sqrt(events)), 3) end;
create temp macro count_high(events) as (events + 1)
    * power(1 - 1.0 / (9 * (events + 1)) + 1.959963984540054 / (3 * sqrt(events + 1)), 3);

create table work.figures as
select period_grain, period_start, scope, scope_value, 'contact_ratio' as kpi, unnest([
    figure('touches_per_contract', touches_per_contract, outreach_touches, new_contracts,
        outreach_touches / count_high(new_contracts),
        outreach_touches / nullif(count_low(new_contracts), 0), null),
    figure('prospects_per_1000_calls', prospects_per_1000_calls, prospects, outreach_calls,
        ratio(1000 * count_low(prospects), outreach_calls),
        ratio(1000 * count_high(prospects), outreach_calls), null),
    figure('contracts_per_1000_calls', contracts_per_1000_calls, new_contracts, outreach_calls,
        ratio(1000 * count_low(new_contracts), outreach_calls),
        ratio(1000 * count_high(new_contracts), outreach_calls), null),
    figure('outreach_touches', outreach_touches, null, outreach_touches, null, null, null),
    figure('prospects', prospects, null, prospects, null, null, null),
    figure('new_contracts', new_contracts, null, new_contracts, null, null, null)
]) as figure
from marts.kpi_contact_ratio
union all
select period_grain, period_start, scope, scope_value, 'contact_ratio' as kpi,
    figure('share_touches_matched', ratio(touches, touches_all), touches, touches_all,
        wilson(touches, touches_all, -1), wilson(touches, touches_all, 1), null) as figure
from work.touches_found
union all
select period_grain, period_start, scope, scope_value, 'contact_ratio' as kpi, unnest([
    figure('touches_per_contract_cohort', touches_per_contract, outreach_touches, new_contracts,
        outreach_touches / count_high(new_contracts),
        outreach_touches / nullif(count_low(new_contracts), 0),
        case when not is_mature then 'immature cohort' end),
    figure('prospects_per_1000_calls_cohort', prospects_per_1000_calls, prospects, outreach_calls,
        ratio(1000 * count_low(prospects), outreach_calls),
        ratio(1000 * count_high(prospects), outreach_calls),
        case when not is_mature then 'immature cohort' end),
    figure('contracts_per_1000_calls_cohort', contracts_per_1000_calls, new_contracts,
        outreach_calls, ratio(1000 * count_low(new_contracts), outreach_calls),
        ratio(1000 * count_high(new_contracts), outreach_calls),
        case when not is_mature then 'immature cohort' end)
]) as figure
from marts.kpi_contact_ratio_cohort
union all
select period_grain, period_start, scope, scope_value, 'speed_to_lead' as kpi, unnest([
    figure('share_within_5m', share_within_5m, within_5m, eligible_5m, share_within_5m_low,
        share_within_5m_high, null),
    figure('share_within_1h', share_within_1h, within_1h, eligible_1h, share_within_1h_low,
        share_within_1h_high, null),
    figure('share_within_24h', share_within_24h, within_24h, eligible_24h, share_within_24h_low,
        share_within_24h_high, null),
    figure('median_response_hours', median_response_hours, responded, inquiries, null, null, null),
    figure('p90_response_hours', p90_response_hours, responded, inquiries, null, null, null),
    figure('median_business_response_hours', median_business_response_hours, responded, inquiries,
        null, null, null),
    figure('share_never', ratio(never, inquiries), never, inquiries, wilson(never, inquiries, -1),
        wilson(never, inquiries, 1), null),
    figure('inquiries', inquiries, null, inquiries, null, null, null),
    figure('pending', pending, null, pending, null, null, null),
    figure('prospect_rate_within_1h', prospect_rate_within_1h, prospects_within_1h,
        answered_within_1h, prospect_rate_within_1h_low, prospect_rate_within_1h_high, caveat),
    figure('prospect_rate_after_1h', prospect_rate_after_1h, prospects_after_1h,
        answered_after_1h, prospect_rate_after_1h_low, prospect_rate_after_1h_high, caveat),
    figure('lift_within_1h', lift_within_1h, answered_within_1h, answered_after_1h,
        lift_within_1h_low, lift_within_1h_high, caveat),
    figure('mean_response_hours', mean_response_hours,
        case when answered > 0 then answer_seconds / 3600.0 end, answered,
        greatest(mean_response_hours - margin, 0.0), mean_response_hours + margin, audit_caveat),
    figure('share_answered_within_1h', ratio(audited_within_1h, audited), audited_within_1h,
        audited, wilson(audited_within_1h, audited, -1), wilson(audited_within_1h, audited, 1),
        audit_caveat),
    figure('share_answered_1h_to_24h', ratio(audited_1h_to_24h, audited), audited_1h_to_24h,
        audited, wilson(audited_1h_to_24h, audited, -1), wilson(audited_1h_to_24h, audited, 1),
        audit_caveat),
    figure('share_answered_after_24h', ratio(audited_after_24h, audited), audited_after_24h,
        audited, wilson(audited_after_24h, audited, -1), wilson(audited_after_24h, audited, 1),
        audit_caveat),
    figure('share_not_answered', ratio(audited_not, audited), audited_not, audited,
        wilson(audited_not, audited, -1), wilson(audited_not, audited, 1), audit_caveat)
]) as figure
from (
    select
        speed.*,
        case when not coalesce(cohorts.is_mature, false) then 'immature cohort' end as caveat,
        case when speed.audited < speed.inquiries then 'immature cohort' end as audit_caveat,
        1.959963984540054 / 3600 / sqrt(nullif(speed.answered, 0)) * case when speed.answered > 1
            then sqrt(greatest(
                speed.answer_squares
                - cast(speed.answer_seconds as double) * speed.answer_seconds / speed.answered, 0
            ) / (speed.answered - 1)) end as margin
    from marts.kpi_speed_to_lead as speed
    left join marts.kpi_contact_ratio_cohort as cohorts
        using (period_grain, period_start, scope, scope_value)
)
union all
select period_grain, period_start, scope, scope_value, 'completed_contacts' as kpi, unnest([
    figure('share_gave_up_early', ratio(gave_up_early, leads), gave_up_early, leads,
        wilson(gave_up_early, leads, -1), wilson(gave_up_early, leads, 1), caveat),
    figure('contacts_per_lead', contacts_per_lead, completed_contacts, leads, null, null, caveat),
    figure('share_wins_first_contact', share_wins_first_contact, wins_at_contact_1, wins,
        share_wins_first_contact_low, share_wins_first_contact_high, caveat),
    figure('share_wins_second_contact', share_wins_second_contact, wins_at_contact_2, wins,
        share_wins_second_contact_low, share_wins_second_contact_high, caveat),
    figure('share_wins_third_contact', share_wins_third_contact, wins_at_contact_3, wins,
        share_wins_third_contact_low, share_wins_third_contact_high, caveat),
    figure('share_wins_fourth_contact', share_wins_fourth_contact, wins_at_contact_4, wins,
        share_wins_fourth_contact_low, share_wins_fourth_contact_high, caveat),
    figure('share_wins_fifth_plus', share_wins_fifth_plus, wins_at_contact_5_plus, wins,
        share_wins_fifth_plus_low, share_wins_fifth_plus_high, caveat),
    figure('share_burst', ratio(burst_leads, leads), burst_leads, leads,
        wilson(burst_leads, leads, -1), wilson(burst_leads, leads, 1), null),
    figure('median_gap_hours', median_gap_hours, null, leads, null, null, null),
    figure('gave_up_early_worth', gave_up_early_worth, null, gave_up_early, null, null, caveat)
]) as figure
from (
    select
        contacts.*,
        case when not coalesce(cohorts.is_mature, false) then 'immature cohort' end as caveat
    from marts.kpi_completed_contacts as contacts
    left join marts.kpi_contact_ratio_cohort as cohorts
        using (period_grain, period_start, scope, scope_value)
)
union all
select period_grain, period_start, scope, scope_value, 'collateral_usage' as kpi, unnest([
    figure('share_leads_sent', share_leads_sent, leads_sent, leads_worked, share_leads_sent_low,
        share_leads_sent_high, null),
    figure('share_items_used', share_items_used, items_used, items_in_force, share_items_used_low,
        share_items_used_high, null),
    figure('share_reengaged', share_reengaged, reengaged, sends_after_refusal,
        share_reengaged_low, share_reengaged_high, null),
    figure('share_reengaged_without', share_reengaged_without, reengaged_without,
        refusals_without_send, share_reengaged_without_low, share_reengaged_without_high, null),
    figure('sends', sends, null, sends, null, null, null),
    figure('opens', opens, null, opens, null, null, null)
]) as figure
from marts.kpi_collateral_usage
union all
select period_grain, period_start, scope, scope_value, 'closed_deals' as kpi, unnest([
    figure('close_rate', close_rate, won, won + lost, close_rate_low, close_rate_high, null),
    figure('won', won, null, won, null, null, null),
    figure('lost', lost, null, lost, null, null, null),
    figure('won_amount', won_amount, won_amount, won - won_without_amount, null, null, caveat),
    figure('average_deal', average_deal, won_amount, won - won_without_amount, null, null, caveat),
    figure('median_deal', median_deal, null, won - won_without_amount, null, null, caveat),
    figure('median_cycle_days', median_cycle_days, null, won, null, null, null),
    figure('won_without_amount', won_without_amount, null, won_without_amount, null, null, null)
]) as figure
from (
    select
        *,
        case when won_without_amount > 0.1 * won then 'amounts missing' end as caveat
    from marts.kpi_closed_deals
);

create table marts.kpi_scorecard as
with told as (
    select
        figures.kpi,
        figures.figure,
        cells.*,
        definitions.title_en as title,
        case when definitions.unit = 'money' then 'USD' else definitions.unit end as unit,
        cast(benchmarks.value as double) as benchmark,
        nullif(concat_ws(
            '; ',
            case when 30 > case
                when definitions.kind in ('share', 'ratio', 'mean', 'quantile')
                    then figures.figure.denominator
                when definitions.kind = 'rate' then figures.figure.numerator
                when definitions.kind = 'comparison'
                    then least(figures.figure.numerator, figures.figure.denominator)
            end then 'small sample' end,
            case when cells.period_end
                > (select date '1970-01-01' + moment // 86400 from work.as_of)
                then 'period not over' end,
            figures.figure.caveat,
            case when definitions.stands_on_touches = 'true' and found.touches < 0.8 * found.touches_all
                then 'touches unmatched' end
        ), '') as unreliable_because,
        words.head,
        words.of_rep,
        words.tail
    from work.figures as figures
    inner join work.cells as cells using (period_grain, period_start, scope, scope_value)
    inner join work.seed_kpi_definitions as definitions
        on figures.kpi = definitions.kpi and figures.figure.measure = definitions.measure
    left join work.seed_kpi_benchmarks as benchmarks
        on figures.kpi = benchmarks.kpi and figures.figure.measure = benchmarks.measure
    left join work.words as words
        on figures.kpi = words.kpi and figures.figure.measure = words.measure
    left join work.touches_found as found
        on found.scope = 'company'
        and cells.period_grain = found.period_grain
        and cells.period_start = found.period_start
)

select
    period_grain,
    period_start,
    scope,
    scope_value,
    scope_label,
    kpi,
    figure.measure as measure,
    title,
    figure.value as value,
    unit,
    figure.numerator as numerator,
    figure.denominator as denominator,
    figure.low as low,
    figure.high as high,
    benchmark,
    case when lag(period_end) over in_time = period_start then lag(figure.value) over in_time end
        as previous_value,
    unreliable_because is null as is_reliable,
    unreliable_because,
    case
        when figure.measure = 'share_items_used' then
            'dim_collateral where coalesce(published_on <= date '''
            || least(period_end - 1, (select date '1970-01-01' + moment // 86400 from work.as_of))
            || ''', true) and coalesce(retired_on > date '''
            || least(period_end - 1, (select date '1970-01-01' + moment // 86400 from work.as_of))
            || ''', true)'
        else head || in_period || coalesce(of_rep || by_rep, '')
            || coalesce(' and coalesce(lead_source, ''unknown'')' || by_source, '') || tail
            || case when figure.measure = 'share_leads_sent' then
                ' and cast(timezone(''UTC'', timezone(''UTC'', occurred_at)) as date)' || in_period
                || coalesce(of_rep || by_rep, '')
                || coalesce(' and coalesce(lead_source, ''unknown'')' || by_source, '') || ')'
            else '' end
    end as evidence
from told
window in_time as (
    partition by kpi, figure.measure, period_grain, scope, scope_value order by period_start
);

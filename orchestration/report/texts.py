"""Every word of the report that no table holds, in both languages."""

from collections.abc import Mapping

LANGUAGES = ("en", "ru")

TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Sales scorecard", "Показатели продаж"),
    "as_of": ("As of", "По состоянию на"),
    "unknown": ("not known", "неизвестно"),
    "no_as_of": ("moment not known", "момент неизвестен"),
    "nothing_yet": (
        "There is nothing to show yet: no call, lead or deal has arrived. After the next nightly"
        " run with data the figures stand here.",
        "Показывать пока нечего: не пришло ни одного звонка, лида или сделки. После ближайшей"
        " ночной загрузки с данными здесь появятся цифры.",
    ),
    "nothing_happened": ("Nothing happened in this period.", "За этот период ничего не произошло."),
    "no_figure": ("No figure yet", "Цифры пока нет"),
    "no_kpi": (
        "This KPI is not in the warehouse yet.",
        "Этого показателя в хранилище пока нет.",
    ),
    # The headline, from the latest whole month.
    "say_touches": (
        "one new contract took {value} calls and emails",
        "на один новый контракт ушло звонков и писем: {value}",
    ),
    "say_speed": (
        "{value} of inquiries were answered within an hour",
        "за час ответили на {value} заявок",
    ),
    "say_closed": (
        "{won} of {closed} closed deals were won, worth {amount}",
        "из {closed} закрытых сделок выиграно {won} на сумму {amount}",
    ),
    "say_closed_bare": (
        "{won} of {closed} closed deals were won",
        "из {closed} закрытых сделок выиграно {won}",
    ),
    "say_nothing": ("nothing was counted", "ничего не посчитано"),
    # Cards.
    "interval": ("95 % interval", "95 %-й интервал"),
    "interval_short": ("95 %", "95 %"),
    "to": ("to", "до"),
    "so_far": ("so far", "пока"),
    "not_over": ("not over", "не закончился"),
    "change_none": ("as in {period}: {value}", "как и {period}: {value}"),
    "change_chance": (
        "{period}: {value}. The difference can be chance",
        "{period}: {value}. Разница может быть случайной",
    ),
    "change_up": ("up from {value} ({period})", "рост с {value} ({period})"),
    "change_down": ("down from {value} ({period})", "снижение с {value} ({period})"),
    "change_unknown": ("no figure for {period}", "нет цифры за {period}"),
    "better": ("better", "лучше"),
    "worse": ("worse", "хуже"),
    "trend": ("Last 12 months", "Последние 12 месяцев"),
    "trend_label": (
        "{title}, month by month: {points}",
        "{title} по месяцам: {points}",
    ),
    "no_value": ("none", "нет"),
    "cases": ("cases: {n}", "случаев: {n}"),
    "of_cases": ("{numerator} of {denominator}", "{numerator} из {denominator}"),
    # Reliability.
    "reliable": ("Enough data to rely on", "Данных достаточно"),
    "take_care": ("Take care", "Осторожно"),
    "small sample": (
        "few cases: chance alone moves it this much",
        "мало случаев: такие колебания даёт одна случайность",
    ),
    "period not over": ("the period is not over", "период не закончился"),
    "immature cohort": (
        "these leads have not had their time yet",
        "у этих лидов ещё не прошло достаточно времени",
    ),
    "touches unmatched": (
        "many calls and emails found no lead and are not counted",
        "много звонков и писем не нашли своего лида и не учтены",
    ),
    "amounts missing": (
        "many won deals have no amount",
        "у многих выигранных сделок нет суммы",
    ),
    # Benchmarks.
    "benchmarks": ("What is said elsewhere", "Что говорят о других"),
    "benchmarks_note": (
        "Each figure is worked out by the claim's own definition. The grade says how far to trust"
        " the claim.",
        "Каждая цифра посчитана по определению самого утверждения. Оценка говорит, насколько"
        " утверждению можно верить.",
    ),
    "claim": ("Claim", "Утверждение"),
    "own_figure": ("Here", "У нас"),
    "grade": ("Grade", "Оценка"),
    "verdict": ("Does our data agree?", "Согласны ли наши данные?"),
    "sound": ("sound", "обоснованно"),
    "vendor": ("vendor", "от продавца"),
    "folklore": ("folklore", "фольклор"),
    "unsourced": ("unsourced", "без источника"),
    "sound_means": (
        "a study whose method can be read",
        "исследование, метод которого можно прочесть",
    ),
    "vendor_means": (
        "published by somebody who sells something to it",
        "опубликовано тем, кто на этом зарабатывает",
    ),
    "folklore_means": ("often told, no study found", "часто повторяют, исследования не найдено"),
    "unsourced_means": ("no source found", "источник не найден"),
    "own data agree": ("Yes: it lies within our interval", "Да: лежит в нашем интервале"),
    "own data are lower": ("No: ours is lower", "Нет: у нас ниже"),
    "own data are higher": ("No: ours is higher", "Нет: у нас выше"),
    "can not tell yet": ("Too early or too few to tell", "Пока рано или мало данных"),
    "not comparable": (
        "Nothing to set beside it: refusals are not recorded so",
        "Сравнить не с чем: отказы так не записываются",
    ),
    # Tables.
    "reps": ("By rep", "По сотрудникам"),
    "reps_note": (
        "{period}. Grey figures rest on fewer cases than can tell people apart.",
        "{period}. Серые цифры опираются на слишком малое число случаев, чтобы различать людей.",
    ),
    "rep": ("Rep", "Сотрудник"),
    "team": ("Team", "Команда"),
    "sources": ("By lead source", "По источникам лидов"),
    "source": ("Lead source", "Источник"),
    "profile": ("Who opens well, who closes well", "Кто хорошо открывает, кто хорошо закрывает"),
    "profile_note": (
        "Last 365 days. Dot and line: the rep's own rate with its 95 % interval. Upright mark: what"
        " the company would have made of the same mix of lead sources. Strong or weak only where"
        " the line does not reach the mark.",
        "За 365 дней. Точка и линия: доля сотрудника и её 95 %-й интервал. Вертикальная черта: что"
        " сделала бы компания с тем же набором источников. «Сильно» и «слабо» — только там, где"
        " линия не достаёт до черты.",
    ),
    "opener": ("Opens: leads to prospects", "Открывает: из лидов в заинтересованные"),
    "closer": ("Closes: opportunities to won", "Закрывает: из сделок в выигранные"),
    "strong": ("strong", "сильно"),
    "weak": ("weak", "слабо"),
    "as expected": ("as expected", "как ожидалось"),
    "not enough data": ("not enough data", "мало данных"),
    "profile_label": (
        "{rate} ({low} to {high}), expected {expected}",
        "{rate} (от {low} до {high}), ожидалось {expected}",
    ),
    # Funnel, curve, hazard.
    "funnel": ("Where leads are lost", "Где теряются лиды"),
    "funnel_note": (
        "Leads created in {period}, followed to this day.",
        "Лиды, созданные за {period}, прослежены до сегодняшнего дня.",
    ),
    "step": ("Step", "Шаг"),
    "lead": ("Lead", "Лид"),
    "prospect": ("Prospect", "Заинтересованный"),
    "opportunity": ("Opportunity", "Сделка"),
    "entered": ("Entered", "Вошли"),
    "went_on": ("Went on", "Прошли дальше"),
    "lost": ("Lost", "Потеряны"),
    "still_there": ("Still there", "Ещё здесь"),
    "conversion": ("Share that went on", "Доля прошедших"),
    "median_days": ("Median days", "Медиана дней"),
    "curve": ("How long an inquiry waits", "Сколько ждёт заявка"),
    "curve_note": (
        "Share of all inquiries answered by then; unanswered ones count as still waiting.",
        "Доля всех заявок с ответом к этому времени; неотвеченные считаются ждущими.",
    ),
    "curve_label": ("Answered: {points}", "Получили ответ: {points}"),
    "hazard": ("What one more contact is worth", "Чего стоит ещё один контакт"),
    "hazard_note": (
        "Of the leads that got to this contact: how many were won on it, and how many later.",
        "Из лидов, дошедших до этого контакта: сколько выиграно на нём и сколько позже.",
    ),
    "contact_number": ("Contact", "Контакт"),
    "reached": ("Leads that got there", "Дошло лидов"),
    "won_at": ("Won on it", "Выиграно на нём"),
    "gave_up_after": ("Given up after it", "Брошено после него"),
    "chance_at": ("Chance now", "Шанс сейчас"),
    "chance_later": ("Chance later", "Шанс позже"),
    "items": ("What marketing makes, and who sends it", "Материалы: что отправляют, а что нет"),
    "items_note": (
        "Items in force that nobody sent for 90 days: {forgotten} of {in_force}.",
        "Действующих материалов, которые никто не отправлял 90 дней: {forgotten} из {in_force}.",
    ),
    "item": ("Item", "Материал"),
    "sends": ("Sent", "Отправлен"),
    "item_reps": ("By reps", "Сотрудниками"),
    "item_leads": ("To leads", "Лидам"),
    "wins_after": ("Won after", "Выиграно после"),
    "last_sent": ("Last sent", "Последний раз"),
    "never": ("never", "никогда"),
    # Data quality.
    "quality": ("What the data do not tell", "О чём данные молчат"),
    "quality_matched": (
        "{share} of calls, emails, meetings and messages found no lead ({n} of {all}): they count"
        " in no figure above.",
        "{share} звонков, писем, встреч и сообщений не нашли лида ({n} из {all}): они не входят ни"
        " в одну цифру выше.",
    ),
    "quality_amount": (
        "{n} of {all} won deals have no amount: they are missing in the sums of money.",
        "У выигранных сделок нет суммы: {n} из {all}. В денежных итогах их нет.",
    ),
    "quality_rate": (
        "{n} of {all} won deals are in a currency without an exchange rate: never taken as 1:1,"
        " they are missing in the sums.",
        "Выигранных сделок в валюте без курса: {n} из {all}. По курсу 1:1 они не считаются, в"
        " итогах их нет.",
    ),
    "quality_excluded": (
        "{n} of {all} leads are deleted, merged, test, spam or duplicates: kept, but not counted.",
        "Удалённых, слитых, тестовых, спамных и повторных лидов: {n} из {all}. Они хранятся, но не"
        " считаются.",
    ),
    "quality_fine": ("Nothing is known to be missing.", "Пропусков не обнаружено."),
    "missing": ("Not there yet", "Чего пока нет"),
    "missing_note": (
        "These tables are not in the published database, so the parts that stand on them are left"
        " out: {tables}.",
        "Этих таблиц нет в опубликованной базе, поэтому части, которые на них стоят, опущены:"
        " {tables}.",
    ),
    "how": ("How to read this", "Как это читать"),
    "how_interval": (
        "Every share stands with its 95 % interval: the range in which the true share lies nineteen"
        " times in twenty. When two intervals overlap widely, the difference can be chance.",
        "Каждая доля стоит с 95 %-м интервалом: в нём истинная доля лежит в девятнадцати случаях из"
        " двадцати. Если два интервала сильно пересекаются, разница может быть случайной.",
    ),
    "how_evidence": (
        "Each figure can be traced: the table marts.kpi_scorecard names, for each, the rows that it"
        " is counted from (column evidence).",
        "Каждую цифру можно проследить: таблица marts.kpi_scorecard называет для каждой строки, из"
        " которых она посчитана (столбец evidence).",
    ),
    "kpi_column": ("KPI", "Показатель"),
    "change_column": ("Before", "Было"),
    "made_by": ("Made by touchline from", "Сделано touchline из"),
    "minutes": ("{n} min", "{n} мин"),
    "hours": ("{n} h", "{n} ч"),
    "days": ("{n} days", "{n} дн."),
    "times": ("{n}×", "{n}×"),
    "percent": ("{n}%", "{n} %"),
    "tick_5m": ("5 min", "5 мин"),
    "tick_1h": ("1 h", "1 ч"),
    "tick_4h": ("4 h", "4 ч"),
    "tick_1d": ("1 day", "1 д"),
    "tick_3d": ("3 days", "3 д"),
    "tick_7d": ("7 days", "7 д"),
    "tick_30d": ("30 days", "30 д"),
    "quarter": ("Q{n} {year}", "{n} кв. {year}"),
    "until": ("{period}, until {day}", "{period}, по {day}"),
}

MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "ru": (
        "январь", "февраль", "март", "апрель", "май", "июнь",
        "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
    ),
}  # fmt: skip

MONTHS_OF: Mapping[str, tuple[str, ...]] = {
    "en": MONTHS["en"],
    "ru": (
        "января", "февраля", "марта", "апреля", "мая", "июня",
        "июля", "августа", "сентября", "октября", "ноября", "декабря",
    ),
}  # fmt: skip
"""As in a date: «1 мая»."""


def text(lang: str, name: str, **values: object) -> str:
    """A text in the language, its `{names}` filled in; an unknown name stands for itself."""
    if name not in TEXTS:
        return name
    return TEXTS[name][LANGUAGES.index(lang)].format(**values)

"""The objects of HubSpot that are read: which properties, which of them with their history."""

from dataclasses import dataclass

from orchestration.connectors.values import Settings

MERGED = "hs_merged_object_ids"
"""On the record that is left: the ids of those that became part of it."""


@dataclass(frozen=True)
class Kind:
    """An object type; what is asked of it may depend on the settings."""

    name: str
    """As it stands in paths."""
    properties: tuple[str, ...]
    named: tuple[str, ...] = ()
    """Settings that name further properties."""
    history: tuple[str, ...] = ()
    """Properties whose earlier values are asked for too."""
    linked: tuple[str, ...] = ()
    """Objects whose associations with it are asked for."""
    modified: str = "hs_lastmodifieddate"
    begins: str | None = None
    """The property that says when it begins, where that may be in the future."""

    def properties_of(self, settings: Settings) -> list[str]:
        named = self.named_of(settings).values()
        return list(dict.fromkeys([*self.properties, *named, *self.history_of(settings)]))

    def named_of(self, settings: Settings) -> dict[str, str]:
        """By setting: the property that it names; a contact's only where contacts are leads."""
        if self.name == "contacts" and not leads_are_contacts(settings):
            return {}
        return {key: settings[key] for key in self.named if settings.get(key)}

    def history_of(self, settings: Settings) -> tuple[str, ...]:
        """A contact's history is only needed where contacts are leads."""
        if self.name == "contacts" and not leads_are_contacts(settings):
            return ()
        return self.history

    def linked_of(self, settings: Settings) -> tuple[str, ...]:
        if leads_are_contacts(settings):
            return tuple(other for other in self.linked if other != "leads")
        return self.linked


def leads_are_contacts(settings: Settings) -> bool:
    """Whether contacts of some lifecycle stages are the leads."""
    return settings.get("leads") == "lifecycle"


_INQUIRY = ("lead_source_property", "inquiry_at_property", "inquiry_channel_property")
_ANY_ACTIVITY = ("hs_timestamp", "hubspot_owner_id", "hs_object_source")
_WITH_WHOM = ("contacts", "deals", "leads")

_ALL = (
    # A company that was merged away is gone: accounts do not say into which.
    Kind("companies", ("name", "domain", "industry", "country")),
    Kind(
        "contacts",
        (
            "firstname",
            "lastname",
            "email",
            "hs_additional_emails",
            "phone",
            "mobilephone",
            "hs_whatsapp_phone_number",
            "hs_timezone",
            "associatedcompanyid",
            "hubspot_owner_id",
            "hs_analytics_source",
            "first_conversion_date",
            MERGED,
        ),
        named=_INQUIRY,
        history=("lifecyclestage", "hs_lead_status", "hubspot_owner_id"),
        modified="lastmodifieddate",
    ),
    Kind(
        "leads",
        (
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_lead_source",
            "hs_lead_disqualification_reason",
            MERGED,
        ),
        named=_INQUIRY,
        history=("hs_pipeline_stage", "hubspot_owner_id"),
        linked=("contacts", "companies"),
    ),
    Kind(
        "deals",
        ("pipeline", "amount", "deal_currency_code", "closedate", "hs_is_closed", MERGED),
        history=("dealstage", "hubspot_owner_id"),
        linked=("contacts", "companies", "leads"),
    ),
    Kind(
        "calls",
        (
            *_ANY_ACTIVITY,
            "hs_call_direction",
            "hs_call_duration",
            "hs_call_disposition",
            "hs_call_status",
            "hs_call_has_voicemail",
            "hs_call_from_number",
            "hs_call_to_number",
            "hs_call_external_id",
        ),
        linked=_WITH_WHOM,
    ),
    Kind(
        "emails",
        (
            *_ANY_ACTIVITY,
            "hs_email_direction",
            "hs_email_status",
            "hs_email_headers",
            "hs_email_from_email",
            "hs_email_to_email",
            "hs_email_thread_id",
            "hs_sequence_id",
        ),
        linked=_WITH_WHOM,
    ),
    Kind(
        "meetings",
        (
            *_ANY_ACTIVITY,
            "hs_meeting_start_time",
            "hs_meeting_end_time",
            "hs_meeting_outcome",
            "hs_meeting_source",
        ),
        linked=_WITH_WHOM,
        begins="hs_meeting_start_time",
    ),
    Kind(
        "communications",
        (*_ANY_ACTIVITY, "hs_communication_channel_type"),
        named=("message_direction_property", "message_number_property"),
        linked=_WITH_WHOM,
    ),
)
KINDS = {kind.name: kind for kind in _ALL}

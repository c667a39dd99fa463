"""The API and the back office: how they answer and what they show."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "flexoraa.lib.api.SessionAuthentication",
        "teams.api.authentication.KeyAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["flexoraa.lib.api.CleanJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "flexoraa.lib.cursors.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "flexoraa.lib.schema.Schema",
    "EXCEPTION_HANDLER": "flexoraa.lib.errors.handle",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "flexoraa.lib.errors.ProblemFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Flexoraa",
    "DESCRIPTION": "The API of the unified inbox.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api(/workspaces/\{workspace\}(?=/))?",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": "teams.roles.Role",
        "PlaceEnum": "teams.api.serializers.PLACES",
        "ChannelStatus": "inbox.models.ChannelAccount.Status",
        "ConversationStatus": "inbox.models.Conversation.Status",
        "MessageStatus": "inbox.models.messages.STATUSES",
        "MessageKind": "inbox.models.messages.kinds",
        "TemplateStatus": "inbox.models.Template.Status",
        "IdentityKind": "inbox.models.people.id_kinds",
        "BroadcastState": "inbox.models.Broadcast.State",
        "ReplyKind": "inbox.api.replies.KINDS",
        "ChannelEnum": "inbox.adapters.choices",
        "CampaignChannel": "leads.models.Campaign.Channel",
        "CampaignStatus": "leads.models.Campaign.Status",
        "StageKind": "leads.models.Stage.Kind",
        "SpendKind": "leads.models.SpendEntry.Kind",
        "CustomFieldKind": "leads.models.CustomField.Kind",
        "OperationKind": "leads.models.BulkOperation.Kind",
        "OperationState": "leads.models.BulkOperation.State",
        "ChangeState": "leads.models.BulkChange.State",
        "ImportState": "leads.models.ImportJob.State",
        "AssignmentStrategy": "leads.assignment.Strategy",
        "StrategyEnum": "inbox.models.assignment.Strategy",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}

UNFOLD = {
    "SITE_TITLE": "Flexoraa",
    "SITE_HEADER": "Flexoraa",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "forum",
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"show_search": True, "navigation": "flexoraa.navigation.sidebar"},
}

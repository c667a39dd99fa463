"""How the API knows who asks and reads what they send."""

from typing import Any

from rest_framework import authentication, exceptions, parsers

from flexoraa.lib import clean


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session; names a scheme, so that "not signed in" is 401 and not 403."""

    def authenticate_header(self, request: Any) -> str:
        return "Session"


class CleanJSONParser(parsers.JSONParser):
    """The API's JSON, under the same rules as the webhooks'; bad JSON is a 400.

    A body is an object, so that no view has to ask. An action that takes a list as well
    is named in its view's `takes_lists`.
    """

    def parse(self, stream: Any, media_type: Any = None, context: Any = None) -> Any:
        try:
            body = clean.loads(stream.read())
        except clean.Unreadable as error:
            raise exceptions.ParseError(f"The body is {error}") from error
        view = (context or {}).get("view")
        takes_lists = getattr(view, "action", "") in getattr(view, "takes_lists", ())
        if isinstance(body, dict) or (takes_lists and isinstance(body, list)):
            return body
        raise exceptions.ParseError("The body is no JSON object.")

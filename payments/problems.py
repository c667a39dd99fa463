"""What payments answer when they cannot: each says what to do."""

from rest_framework import exceptions, status

from flexoraa.lib.errors import Conflict
from payments.razorpay import errors


class NotSetUp(exceptions.APIException):
    """This installation has no Razorpay keys."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "payments_not_set_up"
    default_detail = (
        "Payments are not set up on this installation: whoever runs it sets "
        "RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRETS."
    )


class ProviderUnavailable(exceptions.APIException):
    """Razorpay cannot be asked just now; nothing was changed."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "provider_unavailable"
    default_detail = "Razorpay cannot be reached. Nothing was changed: try again soon."


class OutcomeUnknown(exceptions.APIException):
    """Razorpay was asked and did not answer; the worker finds out what it did."""

    status_code = status.HTTP_502_BAD_GATEWAY
    default_code = "outcome_unknown"
    default_detail = (
        "Razorpay did not answer, so it is not known yet whether it was done. We are "
        "finding out: look at the subscription in a minute before trying again."
    )


class BadSignature(exceptions.ValidationError):
    """What says to come from Razorpay's checkout does not."""

    default_code = "bad_signature"
    default_detail = "The signature is not Razorpay's for this payment."


def of(error: errors.RazorpayError, refusal: str = "") -> exceptions.APIException:
    """What to answer to our client; `refusal` begins the sentence of a refused call."""
    if isinstance(error, errors.NotConfigured):
        return NotSetUp()
    if isinstance(error, errors.Refused):
        told = error.description or "no reason was given"
        start = refusal or "Razorpay refused"
        return Conflict(f"{start}: {told}", code="provider_refused")
    if error.is_ambiguous:
        return OutcomeUnknown()
    return ProviderUnavailable()

"""Plans at Razorpay: made there once, and frozen from then on."""

from django.db import transaction

from payments import problems
from payments.models import Plan
from payments.razorpay import client, errors


def publish(plan: Plan) -> Plan:
    """Make the plan at Razorpay, unless it is there. After an answer that got lost it
    is looked for by our note, so that asking again makes no second one.

    Raises NotSetUp, ProviderUnavailable, OutcomeUnknown, Conflict.
    """
    if plan.razorpay_id:
        return plan
    try:
        razorpay = client.connect()
        ours = str(plan.public_id)
        known = (p for p in razorpay.plans() if p.notes.get("flx_plan") == ours)
        made = next(known, None) or razorpay.create_plan(
            name=plan.name,
            amount_paise=plan.price_paise,
            currency=plan.currency,
            period=plan.period,
            ours=ours,
        )
    except errors.RazorpayError as error:
        raise problems.of(error, "Razorpay refused the plan") from error
    with transaction.atomic():
        locked = Plan.objects.select_for_update().get(pk=plan.pk)
        if not locked.razorpay_id:
            locked.razorpay_id = made.id
            locked.save(update_fields=["razorpay_id"])
    plan.refresh_from_db()
    return plan

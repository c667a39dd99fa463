"""The webhook route of Razorpay."""

from django.urls import path

from payments.webhooks import webhook

urlpatterns = [path("razorpay", webhook, name="razorpay")]
app_name = "payments_webhooks"

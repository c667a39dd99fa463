"""A stand-in for Razorpay's checkout: a script and a page that pay or fail.

The script has the interface of the real checkout.js: `new Razorpay(options).open()`,
a handler that gets ids and signature, `payment.failed`, `modal.ondismiss`.
"""

import hashlib
import hmac
import html
from typing import Any

from flexoraa.sandbox.razorpay_book import Book
from flexoraa.sandbox.razorpay_shapes import ApiError

SCRIPT = """
(function () {
  const home = new URL(document.currentScript.src).origin;
  window.Razorpay = function (options) {
    const heard = {};
    this.on = (name, callback) => { heard[name] = callback; };
    this.open = () => {
      const box = document.createElement("dialog");
      box.id = "razorpay-stand-in";
      box.style.cssText = "margin:auto;padding:24px;border:0;border-radius:14px;" +
        "max-width:360px;width:calc(100% - 48px);font:15px system-ui;" +
        "color:#111;background:#fff";
      box.innerHTML = `<p style="margin:0 0 4px;font-weight:600">Checkout stand-in</p>
        <p style="margin:0 0 16px;color:#555">No money moves here.</p>
        <label style="display:block;margin:0 0 16px">Pay with
          <select id="stand-in-method" style="width:100%;padding:8px;margin-top:4px">
          <option value="upi">UPI autopay</option>
          <option value="card">Domestic card</option>
          <option value="international">International card</option></select></label>
        <p id="stand-in-says" role="status" style="color:#b00"></p>
        <button type="button" data-do="pay">Pay</button>
        <button type="button" data-do="fail">Let it fail</button>
        <button type="button" data-do="close">Close</button>`;
      for (const button of box.querySelectorAll("button")) {
        button.style.cssText = "padding:10px 14px;margin-right:6px;border-radius:8px;" +
          "border:1px solid #ccc;background:#f4f4f5;color:#111;cursor:pointer";
        button.addEventListener("click", () => act(button.dataset.do));
      }
      const act = async (what) => {
        if (what === "close") {
          box.remove();
          if (options.modal && options.modal.ondismiss) options.modal.ondismiss();
          return;
        }
        const answer = await fetch(home + "/_checkout", {
          method: "POST",
          body: JSON.stringify({
            subscription_id: options.subscription_id, order_id: options.order_id,
            succeed: what === "pay",
            method: box.querySelector("#stand-in-method").value,
            change: !!options.subscription_card_change,
          }),
        });
        const told = await answer.json();
        if (answer.ok) { box.remove(); options.handler(told); return; }
        box.querySelector("#stand-in-says").textContent = told.error.description;
        if (heard["payment.failed"]) heard["payment.failed"](told);
      };
      document.body.append(box);
      box.showModal();
    };
  };
})();
"""
PAGE = """<!doctype html><meta name="viewport" content="width=device-width">
<title>Checkout stand-in</title>
<body style="font:16px system-ui;max-width:420px;margin:10vh auto;padding:0 20px">
<h1 style="font-size:20px">Checkout stand-in</h1>
<p>{about}</p><p>No money moves here.</p>
<form method="post"><button name="succeed" value="1">Pay</button>
<button name="succeed" value="">Let it fail</button></form></body>"""


def sign(secret: str, message: str) -> str:
    """The hex HMAC-SHA256 that checkout hands to the browser."""
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def pay(book: Book, secret: str, given: dict[str, Any]) -> dict[str, str]:
    """The payer's decision; what checkout.js gives to the handler. Raises ApiError."""
    method = str(given.get("method") or "card")
    succeed = bool(given.get("succeed", True))
    if order_id := given.get("order_id"):
        capture = bool(given.get("capture", True))
        paid = book.pay_order(order_id, succeed=succeed, method=method, capture=capture)
        message, name, id = f"{order_id}|{paid['id']}", "order", order_id
    else:
        id, name = str(given.get("subscription_id")), "subscription"
        if given.get("change"):
            paid = book.change_card(id) or next(reversed(book.payments.values()))
        else:
            paid = book.authorise(
                id,
                succeed=succeed,
                method="card" if method == "international" else method,
                international=method == "international",
            )
        message = f"{paid['id']}|{id}"
    if paid["status"] == "failed":
        raise ApiError(paid["error_description"])
    return {
        "razorpay_payment_id": paid["id"],
        f"razorpay_{name}_id": id,
        "razorpay_signature": sign(secret, message),
    }


def page(book: Book, id: str) -> str:
    """What the payer's link shows."""
    sub = book.found("subscriptions", id)
    plan = book.plans[sub["plan_id"]]["item"]
    about = f"{plan['name']}: ₹{plan['amount'] / 100:,.2f}. It is {sub['status']}."
    return PAGE.format(about=html.escape(about))

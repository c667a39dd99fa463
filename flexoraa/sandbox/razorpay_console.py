"""A page that moves the stand-in's clock and lets cards fail."""

import html
from datetime import UTC, datetime

from flexoraa.sandbox.razorpay_book import Book

HEAD = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Razorpay stand-in</title><style>
:root{color-scheme:light dark;font:16px/1.5 system-ui}
body{max-width:960px;margin:32px auto;padding:0 16px}
button{font:inherit;padding:8px 14px;border-radius:8px;border:1px solid #8886;
cursor:pointer}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:8px;border-bottom:1px solid #8884;white-space:nowrap}
</style><h1>Razorpay stand-in</h1>"""
TAIL = """<script>
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", async () => {
    await fetch(button.dataset.to, {method: "POST", body: button.dataset.body});
    location.reload();
  });
}</script></html>"""
SPANS = (("+1 hour", 1 / 24), ("+1 day", 1), ("+1 month", 31), ("+1 year", 366))


def console(book: Book) -> str:
    """The clock, and every subscription with a switch."""
    now = datetime.fromtimestamp(book.now, UTC)
    buttons = " ".join(
        _button(label, "/_sandbox/clock", f'{{"days": {days}}}')
        for label, days in SPANS
    )
    rows = "".join(_row(book, id) for id in reversed(book.subscriptions))
    empty = '<tr><td colspan="6">No subscription yet.</td></tr>'
    return (
        f"{HEAD}<p>It is <strong>{now:%d %B %Y %H:%M} UTC</strong> here. {buttons}</p>"
        '<div class="scroll"><table><thead><tr><th>Subscription</th><th>Plan</th>'
        "<th>State</th><th>Paid</th><th>Next charge</th><th></th></tr></thead>"
        f"<tbody>{rows or empty}</tbody></table></div>{TAIL}"
    )


def _row(book: Book, id: str) -> str:
    sub = book.subscriptions[id]
    charge = sub["charge_at"]
    when = f"{datetime.fromtimestamp(charge, UTC):%d %b %Y}" if charge else "–"
    failing = book.hidden[id]["failing"]
    label = "Let charges succeed" if failing else "Let charges fail"
    switch = _button(
        label, f"/_sandbox/subscriptions/{id}", f'{{"failing": {0 if failing else 9}}}'
    )
    cells = [id, book.plans[sub["plan_id"]]["item"]["name"], sub["status"]]
    cells += [f"{sub['paid_count']} of {sub['total_count']}", when]
    return (
        "<tr>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + f"<td>{switch}</td></tr>"
    )


def _button(label: str, to: str, body: str) -> str:
    return (
        f'<button data-to="{to}" data-body="{html.escape(body)}">'
        f"{html.escape(label)}</button>"
    )

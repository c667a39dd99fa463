"""The agent console: one page for all conversations of a workspace.

Reading is fragments of HTML, made here. Writing is the API, called by the page's
scripts, so that there is one set of rules, of errors in words and of repeats that do
no harm (Idempotency-Key).
"""

"""Razorpay in our words: calls, errors, signatures, what its bodies say. No rows."""

"""The API of leads and campaigns."""

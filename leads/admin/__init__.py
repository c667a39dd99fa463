"""The back office of leads; each module is one subject."""

"""The pages of numbers, as values: the back office and mails show them."""

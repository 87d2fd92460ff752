"""The worklist in words: what each purpose asks of a person, and whom to ring."""

"""The scores of everybody at once, as arrays: the same numbers as `protocol.scores` gives one by one. Pure."""

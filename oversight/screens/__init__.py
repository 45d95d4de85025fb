"""Screens over bidding, and over what departments decide: pure functions over arrays, each by a published method.

A screen ranks what people should look at first (线索); it decides nothing. Scores are floats between 0 and 1.
"""

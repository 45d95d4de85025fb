"""Thousands of lives at once: the rows that the rooms' own functions would have written, in statements of a thousand rows.

To live a life through the functions that people use takes a good part of a second, most of it questions that have one answer in
a history that is over. Here a life is imagined first (`life`), as moments and what happens at them, and then written down:
its rounds (`selecting`), its contract (`fulfilling`), its approval case (`approving`), and every entry of the log (`journal`) in
the order of time. Keys, envelopes, codes and draws are real, and the custodian releases each round as always, so that every
record verifies. What may be is not asked again; a test lives imagined lives both ways and finds the same rows, entries and
timeline.

Three things are less than a life lived through: contracts share one unsealed page in the place of a PDF with seals,
deliverables are short pages in English, and nothing is paid.
"""

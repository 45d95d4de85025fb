"""A demonstration city: an invented Ningbo, the same for the same number, lived through the verbs of the rooms.

What is invented and how is told in `names`; nothing here runs on a server that is not a demonstration.
"""

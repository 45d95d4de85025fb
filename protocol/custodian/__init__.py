"""The custodian's program (见证方): witnesses the log, holds the second lock of every sealed round, supplies its draw's codes.

`state` is all that it must never lose, in one file; `agent` is what it does; `platform` is how it talks to the platform.
"""

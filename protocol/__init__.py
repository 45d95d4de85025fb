"""What anyone can check, as code: canonical JSON, log entries, envelopes, the draw, the methods and the public record.

Pure Python without Django, so that the server, the custodian's program, the verifier and a sceptic run the same lines.
"""

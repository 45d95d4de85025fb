"""Benchmarks: every figure stands beside a named reference that is measured in the same run."""

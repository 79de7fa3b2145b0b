"""Traces of key agreement: from the first hello to secured, and rekeys.

spans.py  AgreementSpans  the spans of a port, by following its agreement
otlp.py   OtlpSink        spans to a collector by OTLP (OpenTelemetry)
"""

from .spans import AgreementSpans, TimedSpan

__all__ = ["AgreementSpans", "TimedSpan"]

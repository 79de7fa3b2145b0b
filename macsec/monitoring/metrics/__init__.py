"""Snapshots as metrics of Prometheus and OpenMetrics (prometheus-client).

tables.py     PORT, SC, SA, MKA, LINK  the names of all metrics, and the values of each
collector.py  MetricsCollector         all metrics of this machine, anew at each scrape
"""

from .collector import MetricsCollector

__all__ = ["MetricsCollector"]

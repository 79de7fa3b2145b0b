"""Metrics over HTTP: the address, TLS and passwords as exporters of Prometheus have them.

web_config.py  WebConfig      the file of TLS and users
server.py      MetricsServer  an HTTP server of one WSGI application
access.py      UserAccess     passwords of users, checked by bcrypt
hosts.py       names_this_machine  the Host of a request, against pages of strangers
"""

from .server import MetricsServer
from .web_config import WebConfig, load_web_config

__all__ = ["MetricsServer", "WebConfig", "load_web_config"]

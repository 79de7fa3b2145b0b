"""Files for Prometheus and Grafana: dashboards, alert rules, a compose file.

FILES names them; `write_all` puts them into a folder, from which `docker compose up` starts both.
"""

from __future__ import annotations

import os
from importlib.resources import files

from macsec.whole_file import make_folder, write_whole

FILES = {
    "compose.yaml": "compose.yaml",
    "prometheus.yaml": "prometheus/prometheus.yaml",
    "rules.yaml": "prometheus/rules.yaml",
    "grafana-datasource.yaml": "grafana/provisioning/datasources/macsec.yaml",
    "grafana-dashboards.yaml": "grafana/provisioning/dashboards/macsec.yaml",
    "dashboard-ports.json": "grafana/dashboards/ports.json",
    "dashboard-mka.json": "grafana/dashboards/mka.json",
}
"""Each file here, and its place in the folder that is written."""


def text_of(name: str) -> str:
    """Return a file of FILES."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def write_all(folder: str) -> list[str]:
    """Write all files into a folder; return their paths. Raises as `WholeFile` does."""
    paths = []
    for name, place in FILES.items():
        path = os.path.join(folder, place)
        make_folder(os.path.dirname(path))
        write_whole(path, text_of(name))
        paths.append(path)
    return paths

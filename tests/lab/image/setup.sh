#!/bin/bash
# Runs inside the image's root when it is made; the wheels were fetched before, so no network is needed here.
set -euo pipefail
python3 -m venv /opt/venv
/opt/venv/bin/pip install -q --no-cache-dir --disable-pip-version-check --no-index --find-links /tmp/wheels -r /tmp/requirements.txt
mkdir -p /app

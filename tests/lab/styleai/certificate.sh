#!/bin/bash
# A certificate of the host's own that ends in so many days, where nginx looks for it.
set -euo pipefail
at=/etc/ssl/style-ai-generator
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$1" -subj /CN=style-ai.lab \
  -addext subjectAltName=DNS:style-ai.lab,DNS:localhost,IP:127.0.0.1 -keyout "$at/privkey.pem" -out "$at/fullchain.pem" 2>/dev/null

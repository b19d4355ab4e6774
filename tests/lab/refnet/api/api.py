"""RefNet's API, as far as its maintenance needs it: a health check that asks the database."""

import json
import os

import psycopg


def health():
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2) as connection:
            papers = connection.execute("SELECT count(*) FROM papers").fetchone()[0]
        return "200 OK", {"status": "ok", "papers": papers}
    except psycopg.Error as error:
        print(f"ERROR health: {error}", flush=True)
        return "503 Service Unavailable", {"status": "error", "detail": "database"}


def app(environ, start_response):
    code, body = health() if environ["PATH_INFO"] == "/health" else ("404 Not Found", {"status": "error"})
    start_response(code, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]

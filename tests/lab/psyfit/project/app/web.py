"""PsyFit's web application, as small as its operation allows: what Kamal, the monitor and the patients ask of it."""
import json
import os
import pathlib
import socket

from app import database

# Laid here by the lab, the application says of itself that it is not well.
UNHEALTHY = pathlib.Path("/app/storage/unhealthy")
BROKEN = pathlib.Path("/app/VERSION").read_text().strip().endswith("-broken")


def ping_redis():
    with socket.create_connection((os.environ["REDIS_HOST"], 6379), timeout=2) as connection:
        connection.sendall(f"AUTH {os.environ['REDIS_PASSWORD']}\r\nPING\r\n".encode())
        with connection.makefile() as answers:
            if [answers.readline().strip(), answers.readline().strip()] != ["+OK", "+PONG"]:
                raise ConnectionError("Redis does not answer")


def up():
    return ("500 Internal Server Error", {"status": "broken"}) if BROKEN else ("200 OK", {"status": "ok"})


def health():
    if UNHEALTHY.exists():
        return "503 Service Unavailable", {"status": "error", "reason": "unhealthy"}
    try:
        database.one("SELECT 1")
        ping_redis()
    except Exception as error:
        return "503 Service Unavailable", {"status": "error", "reason": type(error).__name__}
    return "200 OK", {"status": "ok"}


def version():
    release = pathlib.Path("/app/VERSION").read_text().strip()
    return "200 OK", {"version": os.environ.get("KAMAL_VERSION", ""), "release": release}


def exercises():
    with database.connect() as connection:
        rows = connection.execute("SELECT id, name, body_part FROM exercises ORDER BY id").fetchall()
    return "200 OK", [{"id": row[0], "name": row[1], "body_part": row[2]} for row in rows]


PAGES = {"/up": up, "/api/v1/health": health, "/version": version, "/api/v1/exercises": exercises}


def application(request, begin):
    page = PAGES.get(request["PATH_INFO"])
    status, body = page() if page else ("404 Not Found", {"error": "not found"})
    begin(status, [("Content-Type", "application/json; charset=utf-8")])
    return [json.dumps(body, ensure_ascii=False).encode()]

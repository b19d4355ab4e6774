import django
import redis
from django.conf import settings
from django.db import connection
from django.http import JsonResponse

from .models import MonthlyUsage

# Read once: a process that was not restarted goes on telling the old one.
VERSION = (settings.BASE_DIR / "VERSION").read_text().strip()


def _works(ask):
    try:
        ask()
        return "ok"
    except Exception:
        return "error"


def _database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM images_styleprompt LIMIT 1")


def health(request):
    parts = {
        "database": _works(_database),
        "redis": _works(redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1).ping),
        "application": "error" if (settings.BASE_DIR / "unhealthy").exists() else "ok",
    }
    well = all(part == "ok" for part in parts.values())
    return JsonResponse({"status": "ok" if well else "error", **parts}, status=200 if well else 503)


def version(request):
    return JsonResponse({"version": VERSION, "django": django.get_version()})


def usage(request):
    used = {row.salon.name: row.used for row in MonthlyUsage.objects.select_related("salon")}
    return JsonResponse(used, json_dumps_params={"ensure_ascii": False})

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.static import serve

from food.models import FoodOrder

# Read when the process starts: what it answers is what it runs.
VERSION = (settings.BASE_DIR / "VERSION").read_text().strip()


def health(request):
    try:
        if (settings.BASE_DIR / "unhealthy").exists():  # tests/lab/break cafe-health
            raise DatabaseError("the lab says so")
        return JsonResponse({"status": "ok", "open": FoodOrder.objects.filter(is_completed=False).count()})
    except DatabaseError as error:
        logging.getLogger("cafemuji").error("DatabaseError in health: %s", error)
        return JsonResponse({"status": "error"}, status=503)


def page(title):
    return lambda request: HttpResponse(f"<h1>{title}</h1>")


urlpatterns = [
    path("health/", health),
    path("version", lambda request: JsonResponse({"version": VERSION})),
    path("food/register/", page("フード")),
    path("ice/", page("アイスクリーム")),
    path("shavedice/", page("かき氷")),
    # What its hosting serves from where the static files were collected to.
    path("static/<path:path>", serve, {"document_root": settings.STATIC_ROOT}),
]

import json
import logging

from django.conf import settings
from django.contrib import admin
from django.db import DatabaseError
from django.http import JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from scores.models import TestResult
from students.models import Student


def health(request):
    try:
        if (settings.BASE_DIR / "logs/unhealthy").exists():  # tests/lab/break autograder-health
            raise DatabaseError("the lab says so")
        return JsonResponse({"status": "ok", "students": Student.objects.count()})
    except DatabaseError as error:
        logging.getLogger("autograder").error("DatabaseError in health: %s", error)
        return JsonResponse({"status": "error"}, status=503)


@csrf_exempt
@require_POST
def record(request):
    """A classroom's terminal hands in a result."""
    given = json.loads(request.body)
    result = TestResult.objects.create(student_id=given["student"], subject=given["subject"], score=given["score"])
    return JsonResponse({"id": result.pk}, status=201)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/health/", health),
    path("api/v1/results/", record),
]

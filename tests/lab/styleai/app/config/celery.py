import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.timezone = "Asia/Tokyo"
app.conf.beat_schedule = {
    "heartbeat": {"task": "images.tasks.heartbeat", "schedule": 5.0},
    "delete-expired": {"task": "images.tasks.delete_expired", "schedule": crontab(hour="4", minute="30")},
}

import time

import redis
from celery import shared_task
from django.conf import settings
from django.core.management import call_command


@shared_task
def heartbeat():
    """Sent by beat, done by a worker: while this key lives, both do."""
    redis.Redis.from_url(settings.CELERY_BROKER_URL).set("style:heartbeat", int(time.time()), ex=60)


@shared_task
def delete_expired():
    call_command("delete_expired_images")


@shared_task
def convert(name, seconds):
    """Stands for a conversion by the image service: takes its time, then leaves a result."""
    time.sleep(seconds)
    (settings.MEDIA_ROOT / "results" / name).write_bytes(b"converted")

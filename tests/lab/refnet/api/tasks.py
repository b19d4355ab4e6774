"""RefNet's Celery application: one task, run by the beat."""

import os

from celery import Celery

app = Celery("tasks", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.broker_connection_retry_on_startup = True
app.conf.beat_schedule = {"collect": {"task": "tasks.collect", "schedule": 60.0}}


@app.task
def collect():
    return "collected"

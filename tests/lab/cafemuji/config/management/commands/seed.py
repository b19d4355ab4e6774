"""Fills an empty cafeMuji with orders: for each shop counter, open ones and done ones, young and old.

Of the 40 orders of a counter 4 are open; 12 were done more than 30 days ago, and 2 of those carry no completed_at
(as orders done before that column came do).
"""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.utils import timezone

from food.models import FoodOrder
from ice.models import Order as IceOrder
from shavedice.models import Order as ShavedIceOrder

COUNTERS = [
    (FoodOrder, {"menu": "からあげ丼", "quantity": 2}),
    (IceOrder, {"flavor1": "バニラ", "size": "M"}),
    (ShavedIceOrder, {"flavor1": "いちご", "size": "S"}),
]


class Command(BaseCommand):
    help = "Fill an empty database with the lab's orders"

    def handle(self, *args, **options):
        now = timezone.now()
        for model, values in COUNTERS:
            if model.objects.exists():
                continue
            for n in range(40):
                made = now - timedelta(hours=1) if n < 4 else now - timedelta(days=n + 3)
                done = n >= 4
                # The last two are old and done, but nobody knows when.
                known = done and n < 38
                order = model.objects.create(
                    **values,
                    is_completed=done,
                    status="completed" if done else "pending",
                    completed_at=made + timedelta(minutes=10) if known else None,
                )
                model.objects.filter(pk=order.pk).update(timestamp=made)
        if not User.objects.exists():
            User.objects.create_user("kitchen", password="lab-kitchen")

from django.db import models


class FoodOrder(models.Model):
    menu = models.CharField(max_length=50)
    quantity = models.IntegerField(default=1)
    status = models.CharField(max_length=20, default="pending")
    is_completed = models.BooleanField(default=False)
    timestamp = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

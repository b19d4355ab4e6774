from django.db import models


class Order(models.Model):
    flavor1 = models.CharField(max_length=50)
    size = models.CharField(default="S", max_length=10)
    status = models.CharField(max_length=20, default="pending")
    is_completed = models.BooleanField(default=False)
    timestamp = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

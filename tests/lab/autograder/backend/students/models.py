from django.db import models


class Student(models.Model):
    name = models.CharField(max_length=100)
    kana = models.CharField(max_length=100, blank=True, default="")
    grade = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()

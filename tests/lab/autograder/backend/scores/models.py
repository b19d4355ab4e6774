from django.db import models

from students.models import Student


class TestResult(models.Model):
    student = models.ForeignKey(Student, on_delete=models.CASCADE)
    subject = models.CharField(max_length=20)
    score = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField(auto_now_add=True)


class Comment(models.Model):
    """What a teacher wrote to a result."""

    result = models.ForeignKey(TestResult, on_delete=models.CASCADE)
    text = models.TextField()

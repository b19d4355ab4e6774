"""Fills an empty autograder: 600 pupils, each with four results and a comment to one of them; a teacher who may do
all, one who may not, and four sessions of pupils who are sitting a test.
"""

from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.utils import timezone

from scores.models import Comment, TestResult
from students.models import Student

FAMILIES = [("佐藤", "さとう"), ("鈴木", "すずき"), ("高橋", "たかはし"), ("田中", "たなか"), ("伊藤", "いとう"), ("渡辺", "わたなべ")]
NAMES = [("陽葵", "ひまり"), ("蓮", "れん"), ("結菜", "ゆいな"), ("湊", "みなと"), ("凛", "りん"),
         ("大翔", "はると"), ("咲良", "さくら"), ("蒼", "あおい"), ("芽依", "めい"), ("樹", "いつき")]
SUBJECTS = ["国語", "算数", "理科", "社会"]


class Command(BaseCommand):
    help = "Fill an empty database with the lab's pupils"

    def handle(self, *args, **options):
        if not Student.objects.exists():
            self.pupils()
        if not User.objects.exists():
            User.objects.create_superuser("admin", "admin@kouzyoutest.com", "lab-admin")
            User.objects.create_user("yamada", "yamada@kouzyoutest.com", "lab-yamada")
        while Session.objects.count() < 4:
            session = SessionStore()
            session["pupil"] = Session.objects.count() + 1
            session.create()

    def pupils(self):
        now = timezone.now()
        students = Student.objects.bulk_create(
            Student(
                name=f"{FAMILIES[n % 6][0]} {NAMES[n // 6 % 10][0]}",
                kana=f"{FAMILIES[n % 6][1]} {NAMES[n // 6 % 10][1]}",
                grade=n % 6 + 1,
                created_at=now - timedelta(days=n),
            )
            for n in range(600)
        )
        results = TestResult.objects.bulk_create(
            TestResult(student=student, subject=subject, score=40 + (n * 7 + at * 13) % 61)
            for n, student in enumerate(students)
            for at, subject in enumerate(SUBJECTS)
        )
        Comment.objects.bulk_create(
            Comment(result=result, text=f"{result.student.name}さん、よくがんばりました。") for result in results[::4]
        )

"""A few salons with customers' images, some of them past their date. The same every time, and only what it says."""

import struct
import zlib
from datetime import timedelta

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from images.models import ConversionLog, GeneratedImage, MonthlyUsage, Salon, StylePrompt, Upload

SALONS = ["ヘアサロン ミント 渋谷店", "美容室 さくら", "Atelier 凪", "髪工房 やまもと", "サロン・ド・リュミエール", "美容室 ひだまり"]
CUSTOMERS = ["佐藤 花子", "鈴木 葵", "高橋 結衣", "田中 陽菜", "伊藤 凛", "渡辺 さくら", "山本 美咲", "中村 莉子"]


def picture(red, green, blue):
    """A PNG of 64 × 64 points in one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([red, green, blue]) * 64) * 64
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Command(BaseCommand):
    @transaction.atomic
    def handle(self, *args, **options):
        now = timezone.now()
        GeneratedImage.objects.all().delete()
        Salon.objects.all().delete()
        for folder in ("uploads", "results"):
            (settings.MEDIA_ROOT / folder).mkdir(parents=True, exist_ok=True)
            for file in (settings.MEDIA_ROOT / folder).iterdir():
                file.unlink()
        prompts = list(StylePrompt.objects.order_by("id"))
        for number, name in enumerate(SALONS):
            salon = Salon.objects.create(name=name, plan="標準" if number % 2 else "プロ")
            last_month = now.date().replace(day=1) - timedelta(days=30)
            MonthlyUsage.objects.create(salon=salon, used=37 * (number + 1), quota=500, reset_on=last_month)
            # Enough for a dump that is larger than a pipe holds.
            ConversionLog.objects.bulk_create(
                ConversionLog(salon=salon, style=prompts[at % len(prompts)].name, seconds=3 + at % 7, done_at=now - timedelta(hours=at))
                for at in range(500)
            )
            for at, customer in enumerate(CUSTOMERS):
                # Two of each salon's eight are past their date.
                age = timedelta(days=40 if at < 2 else 3 * at)
                name = f"{number}-{at}.png"
                self.save(f"uploads/{name}", picture(number * 40, at * 30, 90))
                upload = Upload.objects.create(
                    salon=salon, customer=customer, file=f"uploads/{name}", uploaded_at=now - age,
                    expires_at=now - age + timedelta(days=30),
                )
                self.save(f"results/{name}", picture(at * 30, number * 40, 200))
                GeneratedImage.objects.create(
                    upload=upload, prompt=prompts[(number + at) % len(prompts)], file=f"results/{name}", created_at=now - age
                )

    def save(self, name, data):
        (settings.MEDIA_ROOT / name).write_bytes(data)

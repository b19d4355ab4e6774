from django.core.management.base import BaseCommand
from django.utils import timezone
from images.models import MonthlyUsage


class Command(BaseCommand):
    help = "月次利用状況をリセットする"

    def handle(self, *args, **options):
        count = MonthlyUsage.objects.update(used=0, reset_on=timezone.localdate())
        self.stdout.write(f"{count} 件の利用状況をリセットしました")

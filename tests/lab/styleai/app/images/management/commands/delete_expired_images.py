from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from images.models import Upload


class Command(BaseCommand):
    help = "保存期限を過ぎた画像を削除する"

    def handle(self, *args, **options):
        expired = Upload.objects.filter(expires_at__lt=timezone.now())
        for upload in expired:
            for file in [upload.file, *upload.generatedimage_set.values_list("file", flat=True)]:
                (settings.MEDIA_ROOT / file).unlink(missing_ok=True)
        count = expired.count()
        expired.delete()
        self.stdout.write(f"{count} 件の期限切れ画像を削除しました")

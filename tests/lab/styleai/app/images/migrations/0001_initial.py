import django.db.models.deletion
from django.db import migrations, models


def key():
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Salon", [
            key(),
            ("name", models.CharField(max_length=100, verbose_name="美容室")),
            ("plan", models.CharField(max_length=20, verbose_name="契約")),
        ]),
        migrations.CreateModel("StylePrompt", [
            key(),
            ("name", models.CharField(max_length=100, verbose_name="スタイル名")),
            ("category", models.CharField(max_length=20, verbose_name="分類")),
            ("prompt", models.TextField(verbose_name="指示")),
        ]),
        migrations.CreateModel("Upload", [
            key(),
            ("customer", models.CharField(max_length=100, verbose_name="お客様")),
            ("file", models.CharField(max_length=200)),
            ("uploaded_at", models.DateTimeField()),
            ("expires_at", models.DateTimeField(verbose_name="保存期限")),
            ("salon", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="images.salon")),
        ]),
        migrations.CreateModel("GeneratedImage", [
            key(),
            ("file", models.CharField(max_length=200)),
            ("created_at", models.DateTimeField()),
            ("upload", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="images.upload")),
            ("prompt", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="images.styleprompt")),
        ]),
        migrations.CreateModel("MonthlyUsage", [
            key(),
            ("used", models.IntegerField(verbose_name="今月の変換回数")),
            ("quota", models.IntegerField(verbose_name="月間上限")),
            ("reset_on", models.DateField(verbose_name="前回のリセット")),
            ("salon", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="images.salon")),
        ]),
        migrations.CreateModel("ConversionLog", [
            key(),
            ("style", models.CharField(max_length=100, verbose_name="スタイル名")),
            ("seconds", models.FloatField(verbose_name="変換にかかった秒数")),
            ("done_at", models.DateTimeField()),
            ("salon", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="images.salon")),
        ]),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("students", "0001_initial")]
    operations = [
        migrations.AddField("student", "kana", models.CharField(blank=True, default="", max_length=100)),
        migrations.AddField("student", "grade", models.PositiveSmallIntegerField(default=1)),
    ]

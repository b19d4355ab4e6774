import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scores", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("result", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="scores.testresult")),
            ],
        ),
    ]

from django.db import models


class Salon(models.Model):
    name = models.CharField("美容室", max_length=100)
    plan = models.CharField("契約", max_length=20)


class StylePrompt(models.Model):
    name = models.CharField("スタイル名", max_length=100)
    category = models.CharField("分類", max_length=20)
    prompt = models.TextField("指示")


class Upload(models.Model):
    salon = models.ForeignKey(Salon, on_delete=models.CASCADE)
    customer = models.CharField("お客様", max_length=100)
    file = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()
    expires_at = models.DateTimeField("保存期限")


class GeneratedImage(models.Model):
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE)
    prompt = models.ForeignKey(StylePrompt, on_delete=models.PROTECT)
    file = models.CharField(max_length=200)
    created_at = models.DateTimeField()


class MonthlyUsage(models.Model):
    salon = models.OneToOneField(Salon, on_delete=models.CASCADE)
    used = models.IntegerField("今月の変換回数")
    quota = models.IntegerField("月間上限")
    reset_on = models.DateField("前回のリセット")


class ConversionLog(models.Model):
    salon = models.ForeignKey(Salon, on_delete=models.CASCADE)
    style = models.CharField("スタイル名", max_length=100)
    seconds = models.FloatField("変換にかかった秒数")
    done_at = models.DateTimeField()

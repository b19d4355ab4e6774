from django.test import TestCase

from food.models import FoodOrder


class Health(TestCase):
    def test_an_empty_shop_is_healthy(self):
        answer = self.client.get("/health/")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json()["open"], FoodOrder.objects.count())

    def test_it_says_which_version_it_is(self):
        self.assertRegex(self.client.get("/version").json()["version"], r"^v\d+\.\d+\.\d+$")

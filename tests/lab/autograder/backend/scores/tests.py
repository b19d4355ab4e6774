from django.test import TestCase

from scores.models import TestResult


class Results(TestCase):
    def test_there_is_none_in_a_new_database(self):
        self.assertEqual(TestResult.objects.count(), 0)

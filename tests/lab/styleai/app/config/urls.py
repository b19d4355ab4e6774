from django.urls import path
from images import views

urlpatterns = [
    path("api/v1/health/", views.health),
    path("api/v1/version/", views.version),
    path("api/v1/usage/", views.usage),
]

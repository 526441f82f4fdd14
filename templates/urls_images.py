"""Where the images in mails are: short, without a sign-in, and naming nothing but what is in the file."""

from django.urls import re_path

from templates.views.images import Image

app_name = "images"
urlpatterns = [re_path(r"^(?P<name>[0-9a-f]{32}-[0-9]{1,4}\.(?:png|jpg|gif))$", Image.as_view(), name="image")]

"""Where tracked links and pixels lead. Short, since each mail has a dozen; final, since redirects cost readers time."""

from django.urls import path, re_path

from delivery import views_tracking

app_name = "tracking"
urlpatterns = [
    # whatever comes is answered by these views, by a picture or by their own page
    re_path(r"^o/(?P<token>[\s\S]*)", views_tracking.pixel, name="open"),
    path("c/x/<path:token>", views_tracking.sealed_click, name="sealed"),
    path("c/<path:token>", views_tracking.click, name="click"),
    path("v/<path:token>", views_tracking.view, name="view"),
]

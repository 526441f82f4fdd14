from django.contrib import admin


class PostriderAdminSite(admin.AdminSite):
    """The admin under the product's own name."""

    site_header = "Postrider"
    site_title = "Postrider"
    index_title = "Administration"

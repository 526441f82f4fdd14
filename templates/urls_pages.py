"""Content: message templates, shared blocks, assets."""

from django.urls import path
from django.views.generic import RedirectView

from templates.views import assets, blocks, editing, frames, history, templates

app_name = "content"
_T = "templates/<str:public_id>"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="content:templates")),
    path("templates", templates.Templates.as_view(), name="templates"),
    path("gallery", templates.Gallery.as_view(), name="gallery"),
    path("gallery/<slug:key>/mail", frames.StarterMail.as_view(), name="starter-mail"),
    path("templates/new", templates.NewTemplate.as_view(), name="template-new"),
    path(_T, templates.Editor.as_view(), name="template"),
    path(f"{_T}/history", history.History.as_view(), name="history"),
    path(f"{_T}/versions/<int:number>/mail", frames.VersionMail.as_view(), name="version-mail"),
    path(f"{_T}/versions/<int:number>/roll-back", history.RollBack.as_view(), name="roll-back"),
    path(f"{_T}/keep", editing.Keep.as_view(), name="keep"),
    path(f"{_T}/discard", editing.Discard.as_view(), name="discard"),
    path(f"{_T}/save", editing.Save.as_view(), name="save"),
    path(f"{_T}/look", editing.Look.as_view(), name="look"),
    path(f"{_T}/lint", editing.Lint.as_view(), name="lint"),
    path(f"{_T}/mend", editing.Mend.as_view(), name="mend"),
    path(f"{_T}/trial", editing.Trial.as_view(), name="trial"),
    path(f"{_T}/<slug:what>", templates.Put.as_view(), name="put"),
    path("people", editing.People.as_view(), name="people"),
    path("images", editing.Images.as_view(), name="images"),
    path("frames/<str:token>", frames.Lent.as_view(), name="frame"),
    path("blocks", blocks.Blocks.as_view(), name="blocks"),
    path("blocks/new", blocks.NewBlock.as_view(), name="block-new"),
    path("blocks/<str:public_id>", blocks.Block.as_view(), name="block"),
    path("blocks/<str:public_id>/<slug:what>", blocks.ChangeBlock.as_view(), name="block-change"),
    path("assets", assets.Assets.as_view(), name="assets"),
    path("assets/upload", assets.Upload.as_view(), name="asset-upload"),
    path("assets/<str:public_id>", assets.OneAsset.as_view(), name="asset"),
    path("assets/<str:public_id>/<slug:what>", assets.ChangeAsset.as_view(), name="asset-change"),
]

from django.urls import path

from delivery.api import mailbox_providers, provider_accounts, views

urlpatterns = [
    path("messages", views.Messages.as_view()),
    path("messages/test", views.TestSend.as_view()),
    path("messages/<str:public_id>", views.OneMessage.as_view()),
    path("mailbox-providers", mailbox_providers.MailboxProviders.as_view()),
    path("mailbox-providers/<str:public_id>", mailbox_providers.OneMailboxProvider.as_view()),
    path("mailbox-providers/<str:public_id>/end-slowdown", mailbox_providers.EndSlowdown.as_view()),
    path("provider-accounts", provider_accounts.ProviderAccounts.as_view()),
    path("provider-accounts/<str:public_id>", provider_accounts.OneProviderAccount.as_view()),
    path("provider-accounts/<str:public_id>/close-breaker", provider_accounts.CloseBreaker.as_view()),
    path("throttles", mailbox_providers.Throttles.as_view()),
]

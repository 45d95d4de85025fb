"""Addresses of the owner's desk and the wizard, under desk/owner/."""

from django.urls import path, re_path

from bidding.views import owner, wizard

urlpatterns = [
    path("", owner.desk, name="owner_desk"),
    path("needs/<word:need>/round/", wizard.start, name="wizard_start"),
    path("rounds/<word:code>/", wizard.owner_round, name="owner_round"),
    path("rounds/<word:code>/cancel/", wizard.cancel, name="owner_cancel"),
    path("rounds/<word:code>/again/", wizard.again, name="announce_again"),
    re_path(r"^rounds/(?P<code>R[0-9]{12,17})/(?P<step>method|terms|review)/$", wizard.wizard, name="wizard"),
]

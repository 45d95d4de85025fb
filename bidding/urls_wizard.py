"""Addresses of the owner's desk and the wizard, under desk/owner/."""

from django.urls import path

from bidding.views import choosing, owner, proposals, wizard

urlpatterns = [
    path("", owner.desk, name="owner_desk"),
    path("needs/<word:need>/round/", wizard.start, name="wizard_start"),
    path("rounds/<round:code>/", wizard.owner_round, name="owner_round"),
    path("rounds/<round:code>/cancel/", wizard.cancel, name="owner_cancel"),
    path("rounds/<round:code>/choose/", choosing.choose, name="choose"),
    path("rounds/<round:code>/choose/<word:lot>/<int:number>/<int:file>/", proposals.of_owner, name="choose_file"),
    path("rounds/<round:code>/again/", wizard.again, name="announce_again"),
    path("rounds/<round:code>/<step:step>/", wizard.wizard, name="wizard"),
]

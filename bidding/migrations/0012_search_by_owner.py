"""Rounds are found by their owners' names too, as the search has always said; a natural person has none here."""

from django.db import migrations

from market.domain.search import search_text


def put_owners(apps, schema_editor):
    Round = apps.get_model("bidding", "Round")
    changed = []
    for round_ in Round.objects.exclude(owner__kind="person").select_related("owner").only("search", "owner__name"):
        round_.search = f"{round_.search} {search_text(round_.owner.name)}"
        changed.append(round_)
    Round.objects.bulk_update(changed, ["search"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("bidding", "0011_signed_awards")]

    operations = [migrations.RunPython(put_owners, migrations.RunPython.noop)]

"""Room on the pages of entries: each is written four times, and thousands at once when a round opens."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bidding", "0009_consortia")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE bidding_entry SET (fillfactor = 45)", "ALTER TABLE bidding_entry RESET (fillfactor)"
        )
    ]

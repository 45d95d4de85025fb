"""What a deed costs stands in the table of deduction rules alone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ratings", "0008_kept_figures")]
    operations = [migrations.RemoveField("scorepolicy", "deductions")]

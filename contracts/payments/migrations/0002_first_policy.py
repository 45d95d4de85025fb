"""The first rule of payments comes with the installation; a city adds its own versions."""

from datetime import date

from django.db import migrations

BASIS = "《保障中小企业款项支付条例》（国务院令第802号）第八条、第九条"


def add(apps, schema_editor):
    apps.get_model("payments", "PaymentPolicy").objects.create(
        version="2025", valid_from=date(2017, 1, 1), term_days=30, public_after_days=30, legal_basis=BASIS
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]

"""The first rules of evaluations and conduct come with the installation; a city adds its own versions.

The figures are common practice and illustrative: a city's lawyer confirms them before they are used.
"""

from datetime import date

from django.db import migrations

TO_CONFIRM = "期限、分值和阈值为示例，须经本市法制部门确认"
EVALUATION = f"甬政发〔2017〕36号 第四项（统一评价）；{TO_CONFIRM}"
CONDUCT = f"国办发〔2015〕31号；《优化营商环境条例》第四十三条；{TO_CONFIRM}"
# Points, months, black list.
RULES = {
    "abandoned": (20, 12, True),
    "unsigned": (15, 12, True),
    "fee_raised": (20, 12, True),
    "returned": (8, 6, False),
    "late": (6, 6, False),
    "lapsed": (10, 6, False),
}


def add(apps, schema_editor):
    since = date(2017, 1, 1)
    apps.get_model("ratings", "EvaluationPolicy").objects.create(
        version="2026", valid_from=since, legal_basis=EVALUATION
    )
    apps.get_model("ratings", "ConductPolicy").objects.create(version="2026", valid_from=since, legal_basis=CONDUCT)
    rule = apps.get_model("ratings", "DeductionRule")
    for kind, (points, months, listed) in RULES.items():
        rule.objects.create(
            kind=kind, points=points, months=months, listed=listed, valid_from=since, legal_basis=CONDUCT
        )


class Migration(migrations.Migration):
    dependencies = [("ratings", "0005_evaluations")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]

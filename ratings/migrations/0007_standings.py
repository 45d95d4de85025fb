from datetime import date

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Illustrative, as the rules of 0006 are: a city's lawyer confirms what puts a firm into grade D at once.
BASIS = "国办发〔2015〕31号；《优化营商环境条例》第四十三条；期限、分值和阈值为示例，须经本市法制部门确认"


def add(apps, schema_editor):
    apps.get_model("ratings", "DeductionRule").objects.create(
        kind="forged", points=30, months=12, listed=True, to_d=True, valid_from=date(2017, 1, 1), legal_basis=BASIS
    )
    # Whoever has a score already has a standing within seconds of the worker's start.
    scored = apps.get_model("ratings", "FirmScore").objects.filter(month=None, service=None, district=None)
    mark = apps.get_model("ratings", "ScoreMark")
    mark.objects.bulk_create([mark(firm_id=pk) for pk in scored.values_list("firm_id", flat=True)])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_tokens'),
        ('bidding', '0014_objection_lot'),
        ('contracts', '0008_completed'),
        ('market', '0003_together'),
        ('ratings', '0006_first_rules'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FirmStanding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='自')),
                ('joint', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='综合效率分')),
                ('ranked', models.BooleanField(verbose_name='参与排名')),
                ('value', models.PositiveSmallIntegerField(verbose_name='信用分')),
                ('grade', models.CharField(choices=[('A', 'A'), ('B', 'B'), ('C', 'C'), ('D', 'D')], max_length=1, verbose_name='信用等级')),
            ],
            options={
                'verbose_name': '信用分沿革',
                'ordering': ['firm_id', '-at'],
            },
        ),
        migrations.AddField(
            model_name='deduction',
            name='to_d',
            field=models.BooleanField(default=False, verbose_name='直接评为 D 级'),
        ),
        migrations.AddField(
            model_name='deductionrule',
            name='to_d',
            field=models.BooleanField(default=False, help_text='只用于列入黑榜的行为', verbose_name='直接评为 D 级'),
        ),
        migrations.AlterField(
            model_name='deduction',
            name='kind',
            field=models.CharField(choices=[('abandoned', '中选后放弃或者中途弃约'), ('unsigned', '逾期不签订合同'), ('fee_raised', '在合同价款以外加价'), ('returned', '成果因质量问题被审批部门退回'), ('late', '严重逾期'), ('lapsed', '履行期间资质失效'), ('forged', '出具虚假成果或者出借资质')], max_length=12, verbose_name='行为'),
        ),
        migrations.AlterField(
            model_name='deductionrule',
            name='kind',
            field=models.CharField(choices=[('abandoned', '中选后放弃或者中途弃约'), ('unsigned', '逾期不签订合同'), ('fee_raised', '在合同价款以外加价'), ('returned', '成果因质量问题被审批部门退回'), ('late', '严重逾期'), ('lapsed', '履行期间资质失效'), ('forged', '出具虚假成果或者出借资质')], max_length=12, verbose_name='行为'),
        ),
        migrations.AddIndex(
            model_name='evaluation',
            index=models.Index(fields=['public_at'], include=('firm', 'side', 'rater', 'quality', 'timeliness', 'attitude', 'charging', 'conduct'), name='evaluation_public'),
        ),
        migrations.AddConstraint(
            model_name='deduction',
            constraint=models.CheckConstraint(condition=models.Q(('to_d', False), ('listed', True), _connector='OR'), name='deduction_d_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='deductionrule',
            constraint=models.CheckConstraint(condition=models.Q(('to_d', False), ('listed', True), _connector='OR'), name='deduction_rule_d_is_listed', violation_error_message='直接评为 D 级的行为须列入黑榜。'),
        ),
        migrations.AddField(
            model_name='firmstanding',
            name='firm',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='market.firm'),
        ),
        migrations.AddField(
            model_name='firmstanding',
            name='policy',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ratings.scorepolicy'),
        ),
        migrations.AddConstraint(
            model_name='firmstanding',
            constraint=models.UniqueConstraint(fields=('firm', 'at'), name='firm_standing_once'),
        ),
        migrations.AddConstraint(
            model_name='firmstanding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('joint', None), ('joint__lte', 10000), _connector='OR'), ('grade__in', ('A', 'B', 'C', 'D')), ('value__lte', 10000)), name='firm_standing_within'),
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]

"""The rules of scoring; the first version comes with the installation, a city adds its own."""

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.expressions
import ratings.models.policy
from decimal import Decimal
from django.db import migrations, models

BASIS = (
    "甬政发〔2017〕36号第四项（审批效率与中介效率一体化考核）；计分办法见《评分办法》（docs/scores.md）；"
    "占比、等次、扣分和暂停期限为示例，由本市确定，须经法制审核确认"
)
DEDUCTIONS = [
    {"reason": "abandoned", "points": "10.00", "months": 12},
    {"reason": "unsigned_contract", "points": "10.00", "months": 12},
    {"reason": "raised_fee", "points": "15.00", "months": 12},
    {"reason": "returned_by_authority", "points": "5.00", "months": 6},
    {"reason": "late_over_10_days", "points": "3.00", "months": 6},
    {"reason": "lapsed_certificate", "points": "5.00", "months": 6},
]


def add(apps, schema_editor):
    apps.get_model("ratings", "ScorePolicy").objects.create(
        version="2017", valid_from=datetime.date(2017, 1, 1), deductions=DEDUCTIONS, suspension_months=[3, 6, 12],
        legal_basis=BASIS,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('ratings', '0002_lines'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScorePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateField(default=datetime.date(2017, 1, 1), verbose_name='有效自')),
                ('valid_to', models.DateField(blank=True, null=True, verbose_name='有效至')),
                ('version', models.CharField(max_length=20, unique=True, verbose_name='版本')),
                ('par', models.PositiveSmallIntegerField(default=75, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='如期完成的分数')),
                ('half_life_months', models.PositiveSmallIntegerField(default=12, validators=[django.core.validators.MinValueValidator(1)], verbose_name='权重减半（月）')),
                ('m', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1)], verbose_name='向服务平均收缩的件数')),
                ('cap', models.DecimalField(decimal_places=2, default=Decimal('1.50'), max_digits=4, validators=[django.core.validators.MinValueValidator(1)], verbose_name='效率上限')),
                ('return_factor', models.DecimalField(decimal_places=2, default=Decimal('0.90'), max_digits=3, validators=[django.core.validators.MinValueValidator(Decimal('0.01')), django.core.validators.MaxValueValidator(1)], verbose_name='每次退回或补正的系数')),
                ('habit_cases', models.PositiveSmallIntegerField(default=5, verbose_name='部门惯例向事项平均收缩的件数')),
                ('firms_for_mean', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1)], verbose_name='计算服务平均的最少机构数')),
                ('ranked_from', models.PositiveSmallIntegerField(default=5, verbose_name='参与排名的最少权重')),
                ('interval_factor', models.DecimalField(decimal_places=3, default=Decimal('1.645'), help_text='1.645 对应 90% 的区间', max_digits=4, validators=[django.core.validators.MinValueValidator(Decimal('0.001'))], verbose_name='区间系数')),
                ('spread_unknown', models.DecimalField(decimal_places=4, default=Decimal('0.2500'), max_digits=5, verbose_name='件数不足时的标准差')),
                ('spread_from', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1)], verbose_name='计算标准差的最少自由度')),
                ('rater_marks', models.PositiveSmallIntegerField(default=5, verbose_name='评价人向总平均收缩的次数')),
                ('marks_unknown', models.DecimalField(decimal_places=2, default=Decimal('75.00'), max_digits=5, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='尚无评价时的平均分')),
                ('joint_share', models.PositiveSmallIntegerField(default=60, verbose_name='综合效率占比（%）')),
                ('evaluations_share', models.PositiveSmallIntegerField(default=30, verbose_name='评价占比（%）')),
                ('conduct_share', models.PositiveSmallIntegerField(default=10, verbose_name='守信占比（%）')),
                ('owner_weight', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1)], verbose_name='业主评价权重')),
                ('department_weight', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1)], verbose_name='部门评价权重')),
                ('centre_weight', models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(1)], verbose_name='中心评价权重')),
                ('grade_a', models.DecimalField(decimal_places=2, default=Decimal('80.00'), max_digits=5, verbose_name='A 级不低于')),
                ('grade_b', models.DecimalField(decimal_places=2, default=Decimal('65.00'), max_digits=5, verbose_name='B 级不低于')),
                ('grade_c', models.DecimalField(decimal_places=2, default=Decimal('50.00'), max_digits=5, verbose_name='C 级不低于')),
                ('deductions', models.JSONField(blank=True, default=list, verbose_name='扣分项')),
                ('suspension_months', models.JSONField(default=list, validators=[ratings.models.policy.check_months], verbose_name='暂停期限（月）')),
                ('legal_basis', models.CharField(max_length=300, verbose_name='依据')),
            ],
            options={
                'verbose_name': '评分规则',
                'ordering': ['-valid_from', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('valid_to', None), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='score_policy_dates'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func('valid_from', 'valid_to', models.Value('[]'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='score_policy_one_at_a_time', violation_error_message='有效期与另一版评分规则重叠，请先为那一版填写有效至。'), models.CheckConstraint(condition=models.Q(('joint_share', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Value(100), '-', models.F('evaluations_share')), '-', models.F('conduct_share')))), name='score_policy_shares', violation_error_message='三项占比之和须为 100。'), models.CheckConstraint(condition=models.Q(('grade_a__gt', models.F('grade_b')), ('grade_b__gt', models.F('grade_c')), ('grade_c__gte', 0)), name='score_policy_grades', violation_error_message='等次的下限须由 A 到 C 递减。'), models.CheckConstraint(condition=models.Q(('cap__range', (1, 10)), ('centre_weight__gte', 1), ('department_weight__gte', 1), ('half_life_months__gte', 1), ('interval_factor__gt', 0), ('m__gte', 1), ('owner_weight__gte', 1), ('par__range', (1, 100)), ('return_factor__gt', 0), ('return_factor__lte', 1), ('spread_unknown__gte', 0)), name='score_policy_numbers', violation_error_message='效率上限在 1 到 10 之间，系数不大于 1，权重和件数至少为 1。')],
            },
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]

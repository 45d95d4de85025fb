from datetime import timedelta

import core.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def await_those_in_force(apps, schema_editor):
    """Contracts that were sealed before there was a filing wait for one too: about seven working days, told in days."""
    Filing = apps.get_model("contracts", "Filing")
    sealed = apps.get_model("contracts", "Contract").objects.filter(sealed_at__isnull=False)
    Filing.objects.bulk_create(
        Filing(contract=contract, due_at=contract.sealed_at + timedelta(days=10)) for contract in sealed.iterator()
    )


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0005_supplements'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='contractpolicy',
            name='filing',
            field=models.PositiveSmallIntegerField(default=7, help_text='各方盖章以后，服务中心在这一期限内备案或者提出意见', validators=[django.core.validators.MinValueValidator(1)], verbose_name='备案期限'),
        ),
        migrations.AlterField(
            model_name='contractevent',
            name='kind',
            field=models.CharField(choices=[('drafted', '按中选结果生成合同草稿'), ('proposed', '业主把合同文本交给机构确认'), ('change_asked', '机构要求修改'), ('agreed', '机构同意合同文本'), ('reopened', '合同文本退回修改'), ('member_sealed', '联合体成员盖章'), ('sealed', '盖章'), ('contract_sealed', '各方盖章，合同成立'), ('revoked', '未签订，合同草稿失效'), ('submitted', '提交成果'), ('accepted', '验收通过'), ('returned', '退回成果'), ('input_asked', '等待业主提供资料'), ('input_provided', '业主已提供资料'), ('blocked', '等待另一合同的成果'), ('unblocked', '另一合同的成果已到'), ('review_revision_asked', '专家评审要求修改'), ('suspended', '中止履行'), ('resumed', '恢复履行'), ('supplement_made', '商定变更，订立补充协议'), ('supplement_sealed', '在补充协议上盖章'), ('supplement_ended', '补充协议没有生效'), ('changed', '补充协议生效，合同变更'), ('filed', '服务中心备案'), ('filing_remarked', '服务中心提出备案意见'), ('completed', '全部成果验收，履行完毕'), ('terminated', '合同解除'), ('abandoned', '弃约')], max_length=24),
        ),
        migrations.CreateModel(
            name='Filing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(verbose_name='备案期限')),
                ('number', models.CharField(blank=True, max_length=20, null=True, unique=True, verbose_name='备案号')),
                ('filed_at', models.DateTimeField(blank=True, null=True, verbose_name='备案时间')),
                ('remark', core.fields.EncryptedTextField(blank=True, default='', verbose_name='备案意见')),
                ('remarked_at', models.DateTimeField(blank=True, null=True, verbose_name='提出意见时间')),
                ('contract', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='filing', to='contracts.contract')),
                ('filed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '合同备案',
                'ordering': ['due_at', 'id'],
                'indexes': [models.Index(condition=models.Q(('filed_at', None)), fields=['due_at', 'id'], name='filing_waiting'), models.Index(condition=models.Q(('filed_at__isnull', False)), fields=['-filed_at', '-id'], name='filing_filed')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('filed_at', None), ('filed_by', None), ('number', None)), models.Q(('filed_at__isnull', False), ('filed_by__isnull', False), ('number__isnull', False)), _connector='OR'), name='filing_whole'), models.CheckConstraint(condition=models.Q(('filed_at', None), ('remarked_at', None), ('filed_at__gte', models.F('remarked_at')), _connector='OR'), name='filing_after_its_remark')],
            },
        ),
        migrations.RunPython(await_those_in_force, migrations.RunPython.noop),
    ]

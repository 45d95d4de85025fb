"""Lines, their segments and cases as rows; the database refuses segments that do not make up their line."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

WHOLE = """
CREATE FUNCTION ratings_segments_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    WITH placed AS (
        SELECT line_id, number, started_at, ended_at,
               lag(ended_at) OVER line AS before, row_number() OVER line AS place,
               lead(number) OVER line IS NULL AS is_last
        FROM written WINDOW line AS (PARTITION BY line_id ORDER BY number)
    )
    SELECT placed.line_id INTO found
    FROM placed LEFT JOIN ratings_linerow AS whole ON whole.id = placed.line_id AND (is_last OR place = 1)
    WHERE placed.number <> place
       OR (place > 1 AND before IS DISTINCT FROM placed.started_at)
       OR (place = 1 AND whole.started_at IS DISTINCT FROM placed.started_at)
       OR (is_last AND (whole.id IS NULL OR whole.ended_at IS DISTINCT FROM placed.ended_at))
    LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'the segments of line % do not make it up', found USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER segments_whole AFTER INSERT ON ratings_segmentrow
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ratings_segments_whole();
CREATE FUNCTION ratings_segments_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'segments are written anew, never altered' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER segments_stand BEFORE UPDATE ON ratings_segmentrow
    FOR EACH STATEMENT EXECUTE FUNCTION ratings_segments_stand();
"""

LOOSE = """
DROP TRIGGER segments_stand ON ratings_segmentrow;
DROP TRIGGER segments_whole ON ratings_segmentrow;
DROP FUNCTION ratings_segments_stand();
DROP FUNCTION ratings_segments_whole();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_tokens'),
        ('approvals', '0004_material_reference'),
        ('bidding', '0013_charged_objections'),
        ('contracts', '0004_delivery'),
        ('market', '0002_reuse'),
        ('ratings', '0001_reminders'),
    ]

    operations = [
        migrations.CreateModel(
            name='LineRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=32, unique=True, verbose_name='事项链条')),
                ('promised_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='承诺时限（工作日）')),
                ('standard_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='指导时限（工作日）')),
                ('committed_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='部门承诺时限（工作日）')),
                ('statutory_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='法定时限（工作日）')),
                ('outcome', models.PositiveSmallIntegerField(verbose_name='结果')),
                ('started_at', models.DateTimeField(verbose_name='开始时间')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='业主验收时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='审批决定时间')),
                ('used1', models.BigIntegerField()),
                ('used2', models.BigIntegerField()),
                ('quality_returns', models.PositiveSmallIntegerField(verbose_name='因质量退回次数')),
                ('deliverable_corrections', models.PositiveSmallIntegerField(verbose_name='因成果补正次数')),
                ('late_corrections', models.PositiveSmallIntegerField(verbose_name='未一次性告知的补正次数')),
                ('ball_kind', models.PositiveSmallIntegerField(blank=True, choices=[(1, '比选阶段'), (2, '签约'), (3, '服务'), (4, '等待业主提供资料'), (5, '等待其他服务的成果'), (6, '业主验收'), (7, '修改成果'), (8, '申报'), (9, '受理审查'), (10, '补正'), (11, '审批审查'), (12, '特别程序'), (13, '办理中止'), (14, '重新申报')], null=True, verbose_name='当前时段')),
                ('ball_party', models.PositiveSmallIntegerField(blank=True, choices=[(1, '平台'), (2, '中介机构'), (3, '项目业主'), (4, '审批部门'), (5, '法定程序'), (6, '其他服务的成果')], null=True, verbose_name='当前责任方')),
                ('ball_since', models.DateTimeField(blank=True, null=True)),
                ('ball_counted_from', models.DateTimeField(blank=True, null=True)),
                ('ball_counts_for', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'Nothing'), (1, 'used₁'), (2, 'used₂')], null=True)),
                ('award', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='bidding.award')),
                ('contract', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contracts.contract')),
                ('department', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.department')),
                ('district', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.district')),
                ('firm', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='market.firm')),
                ('item', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.approvalitem')),
                ('last_case', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.case')),
                ('need', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='market.need')),
                ('owner', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organisation')),
                ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='market.project')),
                ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='market.service')),
            ],
            options={
                'verbose_name': '事项链条',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['need'], name='line_of_need'), models.Index(condition=models.Q(('firm__isnull', False)), fields=['firm', 'service', 'ended_at'], name='line_of_firm'), models.Index(fields=['department', 'item', 'ended_at'], name='line_of_department'), models.Index(fields=['district', 'ended_at'], name='line_of_district'), models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at', 'id'], name='line_ended'), models.Index(condition=models.Q(('ended_at', None)), fields=['ball_party', 'ball_kind'], name='line_running')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('outcome', 1)), models.Q(('outcome__gt', 1), ('ended_at__gt', models.F('started_at'))), _connector='OR'), name='line_ends_with_an_outcome'), models.CheckConstraint(condition=models.Q(models.Q(('ball_counted_from__isnull', False), ('ball_counts_for__isnull', False), ('ball_kind__isnull', False), ('ball_party__isnull', False), ('ball_since__isnull', False), ('ended_at', None)), models.Q(('ball_counted_from', None), ('ball_counts_for', None), ('ball_kind', None), ('ball_party', None), ('ball_since', None), ('ended_at__isnull', False)), _connector='OR'), name='line_running_has_a_ball'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', models.F('ended_at')), ('outcome__in', (2, 3))), models.Q(models.Q(('outcome__in', (2, 3)), _negated=True), ('decided_at', None)), _connector='OR'), name='line_decided_with_its_end'), models.CheckConstraint(condition=models.Q(models.Q(('award', None), ('firm', None)), models.Q(('award__isnull', False), ('firm__isnull', False)), _connector='OR'), name='line_firm_by_award'), models.CheckConstraint(condition=models.Q(('used1__gte', 0), ('used2__gte', 0)), name='line_used_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='StaleMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=80)),
                ('not_before', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': '待更新',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='CaseOfLine',
            fields=[
                ('pk', models.CompositePrimaryKey('line_id', 'case_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('case', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.case')),
                ('line', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='case_links', to='ratings.linerow')),
            ],
            options={
                'verbose_name': '事项链条的办件',
                'indexes': [models.Index(fields=['case'], name='line_of_case')],
            },
        ),
        migrations.CreateModel(
            name='SegmentRow',
            fields=[
                ('pk', models.CompositePrimaryKey('line_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.SmallIntegerField()),
                ('kind', models.PositiveSmallIntegerField(choices=[(1, '比选阶段'), (2, '签约'), (3, '服务'), (4, '等待业主提供资料'), (5, '等待其他服务的成果'), (6, '业主验收'), (7, '修改成果'), (8, '申报'), (9, '受理审查'), (10, '补正'), (11, '审批审查'), (12, '特别程序'), (13, '办理中止'), (14, '重新申报')], verbose_name='时段')),
                ('party', models.PositiveSmallIntegerField(choices=[(1, '平台'), (2, '中介机构'), (3, '项目业主'), (4, '审批部门'), (5, '法定程序'), (6, '其他服务的成果')], verbose_name='责任方')),
                ('counts_for', models.PositiveSmallIntegerField(choices=[(0, 'Nothing'), (1, 'used₁'), (2, 'used₂')])),
                ('cause', models.SmallIntegerField()),
                ('started_at', models.DateTimeField(verbose_name='开始时间')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                ('worked', models.BigIntegerField(blank=True, null=True)),
                ('counted', models.BigIntegerField(blank=True, null=True)),
                ('case', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.case')),
                ('line', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='segments', to='ratings.linerow')),
            ],
            options={
                'verbose_name': '时段',
                'ordering': ['line_id', 'number'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('counted', None), ('ended_at', None), ('worked', None)), models.Q(('counted__gte', 0), ('ended_at__gt', models.F('started_at')), ('worked__gte', models.F('counted'))), _connector='OR'), name='segment_whole')],
            },
        ),
        migrations.CreateModel(
            name='CaseRow',
            fields=[
                ('case', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='approvals.case')),
                ('committed_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='承诺时限（工作日）')),
                ('statutory_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='法定时限（工作日）')),
                ('received_at', models.DateTimeField(blank=True, null=True, verbose_name='收件时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='审批决定时间')),
                ('lines', models.PositiveIntegerField()),
                ('used2', models.BigIntegerField()),
                ('late_corrections', models.PositiveSmallIntegerField(verbose_name='未一次性告知的补正次数')),
                ('counted_from', models.DateTimeField(blank=True, null=True)),
                ('department', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.department')),
                ('item', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='approvals.approvalitem')),
            ],
            options={
                'verbose_name': '审批办件用时',
                'ordering': ['case_id'],
                'indexes': [models.Index(fields=['department', 'item', 'decided_at'], name='case_row_of_department'), models.Index(fields=['item', 'decided_at'], name='case_row_of_item'), models.Index(condition=models.Q(('lines__gt', 1)), fields=['case'], name='case_row_of_several')],
                'constraints': [models.CheckConstraint(condition=models.Q(('lines__gte', 1)), name='case_row_serves_a_line'), models.CheckConstraint(condition=models.Q(('used2__gte', 0)), name='case_row_used_not_negative'), models.CheckConstraint(condition=models.Q(('decided_at', None), ('decided_at__gte', models.F('received_at')), _connector='OR'), name='case_row_decided_after_received')],
            },
        ),
        migrations.CreateModel(
            name='LineEvents',
            fields=[
                ('line', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='recorded', serialize=False, to='ratings.linerow')),
                ('codes', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('times', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None)),
                ('cases', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
            ],
            options={
                'verbose_name': '事项链条的事件',
                'ordering': ['line_id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('codes__len', models.F('times__len'))), name='line_events_whole')],
            },
        ),
        migrations.RunSQL(WHOLE, LOOSE),
    ]

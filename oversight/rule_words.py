"""What each rule, screen and indicator is called, and what it looks for: leads, never verdicts."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

TITLES: dict[str, Text] = {
    "RH1": _("审批部门或其下属单位举办、投资"),
    "RH2": _("审批部门或其下属单位持股"),
    "RH3": _("机构人员在审批部门任职"),
    "RH4": _("原工作人员在冷静期内"),
    "RH5": _("工作人员的近亲属持股或管理"),
    "RH6": _("地址或电话相同"),
    "RH7": _("审查自己编制的成果"),
    "RH8": _("在某部门的份额偏高"),
    "RH9": _("在某部门办得偏快或通过偏多"),
    "RH10": _("直接选取偏多"),
    "CL1": _("报价相同或等差"),
    "CL2": _("报价离散小、最低两家差距大"),
    "CL3": _("中选价附近缺少落选报价"),
    "CL4": _("设备、网络、文件或人员相同"),
    "CL5": _("长期同场、轮流中选或一同落选"),
    "CL6": _("拆分需求，低于限额"),
    "R018": _("只有一家报价"),
    "R024": _("报价与中选价十分接近"),
    "R028": _("不同机构报价相同"),
    "R058": _("报价偏低"),
    "EV1": _("短时间内集中相同评价"),
    "PR1": _("同一执业人员出现在两家机构"),
}
ABOUT: dict[str, Text] = {
    "RH1": _("沿举办、投资关系逐层向上查找，循环持股截断；行业主管本身不算关联。"),
    "RH2": _("各条路径上的持股比例相乘后相加；达到比例的回避，不到的只作提示。"),
    "RH3": _("董事、监事、高级管理人员、法定代表人或执业人员同时在审批部门任职。"),
    "RH4": _("离开审批部门以后，在规定的年限内到机构任职或持股。"),
    "RH5": _("申报的近亲属关系回避，推断的只作提示。"),
    "RH6": _("同一栋楼里单位很多，只作提示。"),
    "PR1": _("执业人员只能登记在一家机构；另一家机构的材料里又出现的，不予受理，并在这里提示（挂证）。"),
    "EV1": _("五项分数完全相同的评价在一段时间内达到一定条数。"),
}


def title_of(rule: str) -> Text:
    """A rule's name in words; an unknown one stands for itself."""
    return TITLES.get(rule, rule)


def about(rule: str) -> Text:
    return ABOUT.get(rule, "")

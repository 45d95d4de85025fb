"""The terms and the text with which contracts begin where a city has set none of its own."""

from datetime import date

from django.db import migrations

CLAUSES = """一、服务内容与要求
乙方按本合同所列服务内容和要求完成中介服务，成果应当符合现行法律法规、技术标准和审批部门的受理要求，并对成果的真实性、准确性、完整性负责。

二、服务期限
服务期限自本合同各方盖章之日的次一工作日起算，按工作日计。等待甲方提供资料、约定中止以及专家评审、公示、听证等法定程序的时间不计入乙方的服务期限。

三、价款与支付
合同价款为中选价，已包含完成本合同服务的全部费用，乙方不得以任何理由加价。甲方按付款计划，在每一期成果验收通过后支付。平台不收取任何费用，不经手价款。

四、甲方的义务
甲方应当及时提供真实、完整的资料，在验收期限内验收成果或者说明理由退回；期限届满没有答复的，视为验收通过。

五、乙方的义务
乙方不得转让本合同，不得将主体工作分包；使用的人员和资质应当与入驻材料一致。审批部门要求补正、专家评审要求修改的，乙方应当免费修改直至通过，因甲方原因造成的除外。

六、保密
双方对履行本合同知悉的国家秘密、商业秘密和个人信息保密，合同终止后仍然有效。

七、变更、中止与解除
变更、中止和解除由双方协商一致，并在平台记录归责的一方。变更只能减少价款：增加价款等于改变选取的结果，须另行选取。

八、违约责任
一方不履行或者不按约定履行的，承担继续履行、采取补救措施或者赔偿损失的责任；弃约的，按平台规则计入信用。

九、联合体
乙方为联合体的，各成员共同签订本合同，就中选项目向甲方承担连带责任。

十、争议
因本合同发生的争议由双方协商解决；协商不成的，向项目所在地人民法院起诉。

十一、电子签章与生效
本合同以可靠的电子签名盖章，与纸质盖章具有同等法律效力，自各方盖章齐全之时成立并生效。"""
PLAN = [
    {"name": "合同签订", "share": 30, "days": 0, "on_sealing": True},
    {"name": "提交成果并通过验收", "share": 70, "days": 100, "on_sealing": False},
]
BASIS = (
    "《中华人民共和国民法典》（2021-01-01施行）第四百六十九条、第四百九十一条、第五百四十三条；"
    "《中华人民共和国电子签名法》（2019修正）第三条、第十三条、第十四条；期限与比例为示例，由本市确定"
)
SILENCE = "《中华人民共和国民法典》（2021-01-01施行）第一百四十条（沉默视为意思表示须有当事人约定，本合同第四条）；期限为示例，由本市确定"


def add(apps, schema_editor):
    apps.get_model("contracts", "ContractPolicy").objects.create(
        version="2017", unit="working_days", silence=10, abandon_days=180, valid_from=date(2017, 1, 1),
        legal_basis=SILENCE,
    )
    apps.get_model("contracts", "ContractTemplate").objects.create(
        service=None, version="2017", clauses=CLAUSES, plan=PLAN, days=20, valid_from=date(2017, 1, 1),
        legal_basis=BASIS,
    )


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]

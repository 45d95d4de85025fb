"""Addresses of firms, services and projects."""

from django.urls import include, path

from market.views import admission, firms, operator, regions, services

app_name = "market"

urlpatterns = [
    path("firms/", firms.firms, name="firms"),
    path("firms/notices/", firms.notices, name="firm_notices"),
    path("firms/<word:uscc>/", firms.firm, name="firm"),
    path("services/", services.services, name="services"),
    path("services/<word:code>/", services.service, name="service"),
    path("regions/", regions.regions, name="regions"),
    path("regions/<slug:code>/file/", regions.file, name="regional_file"),
    path("desk/firm/admission/", admission.admission, name="admission"),
    path("desk/firm/admission/begin/", admission.begin, name="admission_begin"),
    path("desk/firm/admission/edit/", admission.edit, name="admission_edit"),
    path("desk/firm/admission/add/<word:section>/", admission.add, name="admission_add"),
    path("desk/firm/admission/remove/<word:section>/<int:pk>/", admission.remove, name="admission_remove"),
    path("desk/firm/admission/submit/", admission.submit, name="admission_submit"),
    path("desk/firm/admission/withdraw/", admission.withdraw, name="admission_withdraw"),
    path("desk/scans/<word:code>/<word:which>/<int:pk>/", admission.scan, name="scan"),
    path("desk/operator/admissions/<word:code>/", operator.admission_check, name="admission_check"),
    path("desk/operator/admissions/<word:code>/publish/", operator.publish, name="admission_publish"),
    path("desk/operator/admissions/<word:code>/refuse/", operator.refuse, name="admission_refuse"),
    path("desk/firms/<word:uscc>/standing/", operator.firm_standing, name="firm_standing"),
    path("desk/owner/", include("market.urls_projects")),
]

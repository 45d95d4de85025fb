from django.db import models
from django.utils.translation import gettext_lazy as _


class Holiday(models.Model):
    """A date on which the rule "Monday to Friday are working days" does not hold (节假日与调休).

    Filled from the State Council's yearly notices; an operator may edit it.
    """

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("放假")
        WORKDAY = "workday", _("调休上班")

    date = models.DateField(_("日期"), unique=True)
    kind = models.CharField(_("类别"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("名称"), max_length=40)
    source = models.CharField(_("依据"), max_length=200)

    class Meta:
        verbose_name = _("节假日")
        verbose_name_plural = _("节假日")
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["holiday", "workday"]),
                name="holiday_kind_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d} {self.name}"


class CodeCounter(models.Model):
    """How many codes of one letter were given on one day; see `core.codes`."""

    letter = models.CharField(max_length=2)
    day = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["letter", "day"], name="one_counter_per_letter_and_day")]

    def __str__(self) -> str:
        return f"{self.letter}{self.day:%Y%m%d}:{self.last}"

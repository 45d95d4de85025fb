"""What can go wrong in the domain, told in the user's words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """A rule said no. `message` is a sentence for the person; `code` is for programs and stays the same."""

    code = "refused"
    default_message: Text = _("现在不能这样做。")

    def __init__(self, message: Text | None = None, *, code: str | None = None) -> None:
        self.message: Text = self.default_message if message is None else message
        if code is not None:
            self.code = code
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class WrongState(DomainError):
    """The thing is in a state in which this step does not exist."""

    code = "wrong_state"
    default_message = _("状态已经变化，请刷新页面后再看。")


class NotDue(DomainError):
    """The time for this step has not come, or has passed."""

    code = "not_due"
    default_message = _("还没有到可以进行这一步的时间。")


class NotAllowed(DomainError):
    """This person or organisation may not do this."""

    code = "not_allowed"
    default_message = _("您当前代表的机构不能进行这一操作。")


class Conflict(DomainError):
    """Somebody else was first, or the same thing exists already."""

    code = "conflict"
    default_message = _("同样的内容已经存在。")

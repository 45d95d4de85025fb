"""What can go wrong with the embedded services, as a sentence for the person at the keyboard."""


class ServiceProblem(Exception):
    """The message is shown as it is, without a stack trace."""

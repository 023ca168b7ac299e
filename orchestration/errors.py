"""How a night can fail. A check that failed says the data are bad; one that broke says nothing."""


class DataError(Exception):
    """The data are bad: a check or a test failed, or an entity had to stop (exit code 1)."""


class ChecksFailedError(DataError):
    """Expectations of a release that is not going to be published."""


class DbtTestsFailedError(DataError):
    """dbt's tests of a layer."""


class BrokenCheckError(Exception):
    """A check could not be computed, so nobody knows whether the data are good (exit code 2)."""


class DbtError(Exception):
    """dbt could not build a model, or could not even begin."""


class PublishError(Exception):
    """A release could not be made as it has to be; the one in force stays."""

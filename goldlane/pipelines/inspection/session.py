"""The ``spark`` of a check: it starts a JVM only when something is asked of it that nothing else can answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pyspark
from pyspark import SparkContext
from pyspark.sql import SparkSession
from pyspark.sql.conf import RuntimeConfig

from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.injected import PipelineSession
from goldlane.pipelines.inspection.readers import LazyReader
from goldlane.pipelines.inspection.settings import Settings
from goldlane.pipelines.inspection.unknown import Unknown
from goldlane.pipelines.places import place_of_caller
from goldlane.pipelines.reads import current_reads
from goldlane.pipelines.sessions import make_current, pipeline_session
from goldlane.pipelines.sqltext import is_query, table_references
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Note = Callable[[Problem], None]
# What a session gets when it is made; all else is there without a JVM. `_own` is what a PipelineSession calls its Java session.
_OF_THE_JVM = {"_sc", "_jsc", "_jvm", "_own", "_profiler_collector"}


class LazySession(PipelineSession):
    """A session without a JVM, until one is needed; then it becomes a session on the real one."""

    def __init__(self, configuration: Mapping[str, str], note: Note) -> None:
        # Not the base's: that one asks the JVM.
        self.table_functions = {}
        self.started = False
        self._settings = Settings(configuration, note, lambda: RuntimeConfig(self._jsparkSession.conf()))
        self._stack = ExitStack()
        self._note = note
        self.answers = _Answers(self)

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_THE_JVM or self.started:
            raise AttributeError(f"SparkSession has no attribute {name!r}")
        self.start()
        return self.__dict__[name]

    def start(self) -> None:
        """Start the real session, and be it from now on."""
        self.answers.lift()
        try:
            real = self._stack.enter_context(pipeline_session(local_spark(), self._settings.getAll))
        except BaseException:
            # The next file shall hear the same.
            self.answers.give()
            raise
        self.started = self._settings.live = True
        self.__dict__.update({name: real.__dict__[name] for name in _OF_THE_JVM})
        make_current(self)

    def stop(self) -> None:
        """Nothing: other files come after this one."""

    def close(self) -> None:
        """Give the process back as it was; a JVM that was started stays."""
        self._stack.close()

    @property
    def conf(self) -> Any:
        """Settings."""
        return self._settings

    def setting(self, key: str) -> str | None:
        """What ``${key}`` of a SQL file means; a stand-in when nobody gave it."""
        found: str | None = self._settings.known(key, None)
        return found if found is not None else self._settings.stand_in(key)

    @property
    def version(self) -> str:
        """Spark's version."""
        return pyspark.__version__

    @property
    def catalog(self) -> Any:
        """Nothing is in it: the catalog is the platform's."""
        return Unknown()

    @property
    def read(self) -> Any:
        """A batch reader."""
        return LazyReader(lambda: super(LazySession, self).read, streams=False, note=self._note)

    @property
    def readStream(self) -> Any:  # noqa: N802  Spark's name
        """A stream reader."""
        return LazyReader(lambda: super(LazySession, self).readStream, streams=True, note=self._note)

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803  Spark's names
        """A query over no table is run; one over tables has no rows here, and any other statement is left undone."""
        tables = table_references(sqlQuery)
        if not is_query(sqlQuery):
            message = f"check does not run {' '.join(sqlQuery.split()[:3])}"
            self._note(Problem(code="statement_not_run", message=message, place=place_of_caller(), severity="warning"))
            return Unknown()  # type: ignore[return-value]  # it stands for one
        return current_reads().batch(tables[0].name) if tables else super().sql(sqlQuery, args, **kwargs)


class _LazyContext:
    """What pyspark finds where the running SparkContext is kept: asking it for anything starts the session."""

    def __init__(self, session: LazySession) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session.sparkContext, name)


class _Answers:
    """Pyspark's ways to the running session lead to ``session``, until they are lifted: then they are Spark's own again."""

    def __init__(self, session: LazySession) -> None:
        self._session = session
        self._before: list[tuple[Any, str, Any]] = []

    def give(self) -> None:
        """Answer for the running session, and, where there is none, for its context."""
        for name in ("getActiveSession", "active"):
            self._replace(SparkSession, name, classmethod(lambda _: self._session))
        self._replace(SparkSession.Builder, "getOrCreate", lambda builder: self._built(builder))  # noqa: PLW0108  a bound method would not get the builder
        if SparkContext._active_spark_context is None:  # noqa: SLF001  where pyspark's functions look
            self._replace(SparkContext, "_active_spark_context", _LazyContext(self._session))

    def lift(self) -> None:
        """Give Spark's own back."""
        while self._before:
            setattr(*self._before.pop())

    def _replace(self, holder: Any, name: str, answer: Any) -> None:
        self._before.append((holder, name, holder.__dict__[name]))
        setattr(holder, name, answer)

    def _built(self, builder: Any) -> LazySession:
        for key, value in builder._options.items():  # noqa: SLF001  a builder cannot be asked for them
            self._session.conf.set(key, value)
        return self._session


@contextmanager
def lazy_session(configuration: Mapping[str, str], note: Note) -> Iterator[LazySession]:
    """A session for a load, which ``getOrCreate`` and the functions of Spark mean, too; no JVM runs unless the load needs one."""
    session = LazySession(configuration, note)
    session.answers.give()
    try:
        yield session
    finally:
        session.answers.lift()
        session.close()

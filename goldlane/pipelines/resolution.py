"""What a table name means where a dataset reads it: a table of the pipeline, or one outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from goldlane.pipelines.definitions import Dataset
from goldlane.pipelines.externals import Externals
from goldlane.pipelines.names import Namespace, TableName, fits, name_parts


@dataclass(frozen=True, slots=True)
class Names:
    """Resolves names. Where nobody said the pipeline's catalog and schema, ``main.sales.orders`` may be its own ``orders``.

    On the platform the pipeline's settings say so, and public code spells its tables out in one place and not in the other. Such
    a spelling is tried last, where else the table would be missing, and only if it fits one dataset that is not the reader.
    """

    namespace: Namespace
    datasets: Mapping[str, Dataset]
    externals: Externals

    def of(self, name: str, reader: TableName | None = None) -> TableName:
        """The qualified name of the table that ``name`` means."""
        qualified = self.namespace.qualify(name)
        if qualified.key in self.datasets or self.namespace.is_said or self.externals.knows(qualified, name):
            return qualified
        own = own_table(name_parts(name), (dataset for dataset in self.datasets.values() if dataset.name != reader))
        return qualified if own is None or self.externals.in_catalog(name) else own

    def knows(self, name: str, reader: TableName | None = None) -> bool:
        """Whether SQL text that says ``name`` means something of ours."""
        qualified = self.of(name, reader)
        return qualified.key in self.datasets or self.externals.knows(qualified, name)


def own_table(parts: Sequence[str], datasets: Iterable[Dataset]) -> TableName | None:
    """The one dataset whose name is ``parts`` written out, or the other way round."""
    found = [dataset.name for dataset in datasets if fits(parts, name_parts(dataset.written))]
    return found[0] if len(found) == 1 else None

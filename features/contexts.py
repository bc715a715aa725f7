"""What an agent is told about one entity, typed; names and meanings are those of the feature tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from features.customer import CUSTOMER_FEATURES
from features.merchant import MERCHANT_FEATURES

if TYPE_CHECKING:
    from typing_extensions import Self

    from goldlane.features import FeatureTable
    from goldlane.features.online.store import Answer


class Context(BaseModel):
    """One entity's features and how far to trust them; a feature is None where ``missing`` names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: ClassVar[FeatureTable]

    as_of: datetime | None = Field(description="When these values became known; None for an entity never seen")
    age_s: float | None = Field(description="Seconds from as_of to the answer")
    missing: tuple[str, ...] = Field(description="Features without a value")
    expired: bool = Field(description="Whether the values were too old to be told")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Every field takes its meaning from the declaration of its feature."""
        for feature in cls.table.features:
            unit = f" [{feature.unit}]" if feature.unit else ""
            cls.model_fields[feature.name].description = feature.description + unit
        cls.model_rebuild(force=True)

    @classmethod
    def from_answer(cls, key: Mapping[str, object], answer: Answer) -> Self:
        """The typed form of what ``lookup`` answered for ``key``.

        Raises:
            pydantic.ValidationError: the answer is another table's, or a selection of its features.
        """
        return cls.model_validate(
            {
                **key,
                **answer.features,
                "as_of": answer.as_of,
                "age_s": answer.age_s,
                "missing": answer.missing,
                "expired": answer.expired,
            }
        )


class MerchantContext(Context):
    """A merchant, as an agent sees it before it trusts a sale."""

    table: ClassVar[FeatureTable] = MERCHANT_FEATURES

    merchant_id: str
    risk_tier: Literal["low", "medium", "high"] | None
    weekly_velocity: int | None
    avg_daily_txns_30d: float | None
    avg_txn_amount_30d: float | None
    unique_customers_30d: int | None
    fraud_rate_30d: float | None
    chargeback_rate_90d: float | None


class CustomerContext(Context):
    """A customer, as an agent sees them before it answers for a payment."""

    table: ClassVar[FeatureTable] = CUSTOMER_FEATURES

    customer_id: str
    account_age_days: int | None
    email_verified: bool | None
    home_country: str | None
    txn_count_1d: int | None
    txn_count_7d: int | None
    txn_count_30d: int | None
    avg_txn_amount_1d: float | None
    avg_txn_amount_7d: float | None
    avg_txn_amount_30d: float | None
    distinct_merchants_30d: int | None
    night_share_30d: float | None
    foreign_share_30d: float | None
    seconds_since_last_txn: float | None

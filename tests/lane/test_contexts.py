from __future__ import annotations

from datetime import datetime, timezone

import pytest
from pydantic import ValidationError

from features import MERCHANT_FEATURES, CustomerContext, MerchantContext, RealTimeContext
from goldlane.features.contexts import Context
from goldlane.features.online.store import Answer

AS_OF = datetime(2026, 1, 31, 10, 0, tzinfo=timezone.utc)
TRUST = ["as_of", "age_s", "missing", "expired"]
MERCHANT = {
    "risk_tier": "high",
    "weekly_velocity": 3,
    "avg_daily_txns_30d": 0.1,
    "avg_txn_amount_30d": 12.5,
    "unique_customers_30d": 2,
    "fraud_rate_30d": 0.25,
    "chargeback_rate_90d": None,
}


@pytest.mark.parametrize("context", [MerchantContext, CustomerContext, RealTimeContext])
def test_a_context_has_the_keys_and_features_of_its_table(context: type[Context]) -> None:
    declared = {*context.table.columns, *TRUST}

    assert set(context.model_fields) == declared


@pytest.mark.parametrize("context", [MerchantContext, CustomerContext, RealTimeContext])
def test_every_feature_says_what_its_declaration_says(context: type[Context]) -> None:
    documented = context.model_json_schema()["properties"]

    assert all(documented[feature.name]["description"].startswith(feature.description) for feature in context.table.features)


def test_an_answer_becomes_a_context() -> None:
    answer = Answer(MERCHANT, AS_OF, 12.5, ("chargeback_rate_90d",), expired=False)

    merchant = MerchantContext.from_answer({"merchant_id": "M1"}, answer)

    assert (merchant.merchant_id, merchant.risk_tier, merchant.fraud_rate_30d) == ("M1", "high", 0.25)
    assert (merchant.as_of, merchant.missing) == (AS_OF, ("chargeback_rate_90d",))


def test_an_unknown_entity_has_an_empty_context() -> None:
    names = tuple(feature.name for feature in MERCHANT_FEATURES.features)
    answer = Answer(dict.fromkeys(names), None, None, names, expired=False)

    merchant = MerchantContext.from_answer({"merchant_id": "M9"}, answer)

    assert (merchant.risk_tier, merchant.as_of, merchant.missing) == (None, None, names)


def test_another_tables_answer_is_refused() -> None:
    answer = Answer(MERCHANT, AS_OF, 12.5, (), expired=False)

    with pytest.raises(ValidationError, match="customer_id"):
        CustomerContext.from_answer({"merchant_id": "M1"}, answer)

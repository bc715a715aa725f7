# ruff: noqa: ANN201  as users write it
def test_an_ordinary_test_beside_them():
    assert True
